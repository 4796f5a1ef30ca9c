namespace Swarm.Daemon.Configuration;

/// <summary>A setting: its name on the command line (<c>--name</c>) and in the file; in the environment it is <c>SWARMD_NAME</c>, with _
/// for -.</summary>
internal sealed record Setting(string Name, string Value, string Description)
{
    public string Option => "--" + Name;

    public string Variable => "SWARMD_" + Name.ToUpperInvariant().Replace('-', '_');
}

/// <summary>All settings of swarmd.</summary>
internal static class Settings
{
    public static readonly Setting StateDirectory = new("state-dir", "DIRECTORY", "Directory of the state that swarmd keeps.");
    public static readonly Setting Socket = new("socket", "PATH", "Unix socket (on Windows: named pipe) of the control API.");
    public static readonly Setting Listen = new(
        "listen",
        "ADDRESS[:PORT]",
        "Address and port for other nodes, once in a swarm (0.0.0.0:2377); with --control-plane docker for remote sessions (0.0.0.0:2378)."
    );
    public static readonly Setting Advertise = new("advertise", "ADDRESS[:PORT]", "Where other nodes reach this one (detected).");
    public static readonly Setting Hostname = new("hostname", "NAME", "Name of the node (the machine's host name).");
    public static readonly Setting Executor = new("executor", "Docker|Process|Simulated|Auto", "Runs the tasks (Auto: Docker).");
    public static readonly Setting DockerHost = new("docker-host", "URL", "Engine endpoint, e.g. unix:///var/run/docker.sock.");
    public static readonly Setting Images = new("images", "DIRECTORY", "Images of the Process executor.");
    public static readonly Setting ControlPlane = new("control-plane", "builtin|docker", "Answers the control API (builtin).");
    public static readonly Setting LogFormat = new("log-format", "text|json", "Form of the log on standard error (text).");
    public static readonly Setting LogLevel = new("log-level", "LEVEL", "trace, debug, information, warning, error or critical.");
    public static readonly Setting RestartGrace = new("restart-grace", "DURATION", "A planned stop holds the node Ready this long (30s).");
    public static readonly Setting Resources = new(
        "resources",
        "cpu=N,memory=SIZE",
        "Resources that the node offers (all of the machine)."
    );

    /// <summary>A map, not a single value: <c>--label name=value</c> repeatedly, <c>SWARMD_LABELS=a=1,b=2</c>, <c>"labels": {…}</c> in the
    /// file.</summary>
    public const string Labels = "labels";

    /// <summary>A map too: <c>--peer name=address,certificate</c>, <c>SWARMD_PEERS=a=…;b=…</c>, <c>"peers": {…}</c>.</summary>
    public const string Peers = "peers";

    /// <summary>The settings that are maps in the file, each with an example of an entry.</summary>
    public static readonly IReadOnlyDictionary<string, string> Maps = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        [Labels] = "\"disk\": \"ssd\"",
        [Peers] = "\"worker1\": \"10.0.0.2:2378,/etc/swarm/worker1.pem\"",
    };

    public static readonly IReadOnlyList<Setting> All =
    [
        StateDirectory,
        Socket,
        Listen,
        Advertise,
        Hostname,
        Executor,
        DockerHost,
        Images,
        ControlPlane,
        LogFormat,
        LogLevel,
        RestartGrace,
        Resources,
    ];
}
