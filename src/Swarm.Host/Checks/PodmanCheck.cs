using Swarm.Host.Systems;

namespace Swarm.Host.Checks;

/// <summary>Checks of a host whose engine is Podman: its service speaks Docker's API on a socket of its own.</summary>
internal static class PodmanCheck
{
    /// <summary>The socket of root's Podman. Source: its unit podman.socket.</summary>
    private const string Socket = "/run/podman/podman.sock";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>True when the engine that answers the command docker is Podman, or the command is Podman itself (Debian:
    /// podman-docker).</summary>
    public static async Task<bool> IsServerAsync(IHostSystem system, CancellationToken cancellation) =>
        await NamesPodmanAsync(system, ["version", "--format", "{{range .Server.Components}}{{.Name}},{{end}}"], cancellation)
        || await NamesPodmanAsync(system, ["--version"], cancellation);

    /// <summary>The check of a Podman that answers.</summary>
    public static HostCheck Of(IHostSystem system, string name, string version) =>
        // Podman leaves the schedule of health checks to timers of systemd. Source: podman-healthcheck-run(1).
        system.Exists("/run/systemd/system")
            ? HostCheck.Pass(name, $"Podman {version}")
            : HostCheck.Warn(
                name,
                $"Podman {version} runs no health checks here: it needs systemd for them, and systemd does not run",
                "Start the host with systemd, or give services the option -NoHealthCheck: their tasks would stay Starting."
            );

    /// <summary>The check of a host that has Podman and not the command docker.</summary>
    public static async Task<HostCheck> WithoutDockerAsync(IHostSystem system, string name, CancellationToken cancellation)
    {
        var told = await system.RunAsync(
            new ToolCommand("podman", "version", "--format", "{{.Client.Version}}") { Timeout = Patience },
            cancellation
        );
        if (!told.Succeeded)
        {
            return HostCheck.Fail(name, $"Podman does not run: {told.Reason}", "Look at 'podman info'.");
        }
        var version = told.Output.Trim();
        return system.Exists(Socket)
            ? Of(system, name, version)
            : HostCheck.Fail(
                name,
                $"Podman {version} is installed, and its socket {Socket} is not there",
                $"Run 'systemctl enable --now podman.socket', and give swarmd --docker-host unix://{Socket}."
            );
    }

    private static async Task<bool> NamesPodmanAsync(IHostSystem system, string[] arguments, CancellationToken cancellation)
    {
        var told = await system.RunAsync(new ToolCommand("docker", arguments) { Timeout = Patience }, cancellation);
        return told.Succeeded && told.Output.Contains("podman", StringComparison.OrdinalIgnoreCase);
    }
}
