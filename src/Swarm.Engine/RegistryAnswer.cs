using System.Net;
using Swarm.Core.Model;

namespace Swarm.Engine;

/// <summary>Reads engines' reports of a registry's answer, for both control planes.</summary>
public static class RegistryAnswer
{
    /// <summary>The engine answers 401 or 403 where the registry did; otherwise its message contains the registry's.</summary>
    public static bool NeedsCredential(HttpStatusCode status, string said) =>
        status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
        || said.Contains("unauthorized", StringComparison.OrdinalIgnoreCase)
        || said.Contains("credentials", StringComparison.OrdinalIgnoreCase)
        || said.Contains("denied", StringComparison.OrdinalIgnoreCase);

    /// <summary>The platforms as <c>os/architecture</c>. Attestations among the manifests have unknown/unknown, which is no platform. If
    /// nothing else is there, the platforms are unknown.</summary>
    public static ValueList<string> Platforms(IEnumerable<(string? Os, string? Architecture)> told) =>
        told.Where(p => p is { Os: not (null or "" or "unknown"), Architecture: not "unknown" })
            .Select(p => string.IsNullOrEmpty(p.Architecture) ? p.Os! : $"{p.Os}/{p.Architecture}")
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .Take(64)
            .ToValueList();
}
