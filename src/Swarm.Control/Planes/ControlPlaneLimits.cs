using Swarm.Core.Errors;

namespace Swarm.Control.Planes;

/// <summary>The limits of each control plane, with reasons. docs/control-planes.md has the same table, and about_Swarm_ControlPlanes the
/// refusals; tests compare.</summary>
public static class ControlPlaneLimits
{
    public const string Builtin = "builtin";
    public const string Docker = "docker";

    /// <summary>The error id of features that need several managers, where it is not <c>NotSupportedByControlPlane</c>.</summary>
    public const string OneManagerErrorId = "MultipleManagersNotSupported";

    private const string NoNetworks = "it has no networks of its own yet.";
    private const string OneManager = $"this version runs one manager in a swarm (`{OneManagerErrorId}`).";

    /// <summary>Control plane, feature (a cmdlet or one of its parameters), reason.</summary>
    public static IReadOnlyList<(string Plane, string Feature, string Reason)> All { get; } =
    [
        (Builtin, "Get-SwarmNetwork", NoNetworks),
        (Builtin, "New-SwarmNetwork", NoNetworks),
        (Builtin, "Remove-SwarmNetwork", NoNetworks),
        (Builtin, "New-SwarmService -Network", NoNetworks),
        (Builtin, "Set-SwarmService -Network", NoNetworks),
        (Builtin, "Set-SwarmNode -Role Manager", OneManager),
        (Builtin, "Join-Swarm with a manager's token", OneManager),
        (Docker, "Stop-SwarmTask", "Docker's API can only read tasks; Restart-SwarmService replaces all tasks of a service."),
    ];

    /// <summary>The error, with feature and reason.</summary>
    /// <exception cref="InvalidOperationException">The feature is not listed.</exception>
    public static SwarmException Refuse(string plane, string feature)
    {
        var reason = All.FirstOrDefault(l => l.Plane == plane && l.Feature == feature).Reason;
        return reason is null
            ? throw new InvalidOperationException($"{feature} is not listed as a limit of the {plane} control plane.")
            : new SwarmException(
                SwarmErrorKind.NotSupported,
                "NotSupportedByControlPlane",
                $"{feature} is not supported by the {plane} control plane: {reason}",
                feature,
                "Get-Help about_Swarm_ControlPlanes lists what each control plane refuses."
            );
    }
}
