using System.Net;
using Swarm.Core.Model;

namespace Swarm.Engine;

/// <summary>What engines tell of a registry's answer, as both control planes read it.</summary>
public static class RegistryAnswer
{
    /// <summary>The engine answers 401 or 403 where the registry did, and else has the registry's words in its own.</summary>
    public static bool NeedsCredential(HttpStatusCode status, string said) =>
        status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
        || said.Contains("unauthorized", StringComparison.OrdinalIgnoreCase)
        || said.Contains("credentials", StringComparison.OrdinalIgnoreCase)
        || said.Contains("denied", StringComparison.OrdinalIgnoreCase);

    /// <summary>As <c>os/architecture</c>. Attestations among the manifests say unknown/unknown: they are no platform. When nothing else is there, nothing is known.</summary>
    public static ValueList<string> Platforms(IEnumerable<(string? Os, string? Architecture)> told) =>
        told.Where(p => p is { Os: not (null or "" or "unknown"), Architecture: not "unknown" })
            .Select(p => string.IsNullOrEmpty(p.Architecture) ? p.Os! : $"{p.Os}/{p.Architecture}")
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .Take(64)
            .ToValueList();
}
