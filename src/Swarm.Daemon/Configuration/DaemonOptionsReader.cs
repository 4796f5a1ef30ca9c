using System.Globalization;
using Swarm.Control.Addresses;
using Swarm.Core.Model;
using Swarm.DockerSwarm.Plane;
using Swarm.Manager.Dispatcher;

namespace Swarm.Daemon.Configuration;

/// <summary>Reads and checks the settings.</summary>
internal static class DaemonOptionsReader
{
    /// <summary>The port on which engines serve TLS. Source: dockerd(8), <c>--tlsverify</c>.</summary>
    private const int EngineTlsPort = 2376;

    /// <summary>The size limit of a Unix socket's path in bytes, including the final zero. Source: unix(7), macOS sys/un.h.</summary>
    private static readonly int LongestSocketPath = OperatingSystem.IsMacOS() ? 104 : 108;

    /// <exception cref="ConfigurationException">A value is invalid.</exception>
    public static DaemonOptions Read(IConfiguration configuration)
    {
        string? Value(Setting setting) => configuration[setting.Name] is { } text && text.Trim().Length > 0 ? text.Trim() : null;
        var plane = ReadEnum(Settings.ControlPlane, Value(Settings.ControlPlane), ControlPlaneKind.Builtin);
        // 2377 belongs to the engine where the engine is the manager.
        var port = plane == ControlPlaneKind.Docker ? HostAddress.DockerPlanePort : HostAddress.ClusterPort;
        return new DaemonOptions
        {
            StateDirectory = Path.GetFullPath(Value(Settings.StateDirectory) ?? DefaultStateDirectory),
            Socket = ReadSocket(Value(Settings.Socket)),
            Listen = Value(Settings.Listen) is { } listen ? ReadAddress(Settings.Listen, listen, port) : new HostAddress("0.0.0.0", port),
            Advertise = Value(Settings.Advertise) is { } advertise
                ? ReadAddress(Settings.Advertise, advertise, HostAddress.ClusterPort)
                : null,
            Hostname = ReadHostname(Value(Settings.Hostname)),
            Labels = ReadLabels(configuration.GetSection(Settings.Labels)),
            Executor = ReadEnum(Settings.Executor, Value(Settings.Executor), ExecutorKind.Auto),
            DockerHost = ReadDockerHost(Value(Settings.DockerHost)),
            ImagesDirectory = ReadImages(Value(Settings.Images)),
            ControlPlane = plane,
            Peers = ReadPeers(configuration.GetSection(Settings.Peers), plane),
            LogFormat = ReadEnum(Settings.LogFormat, Value(Settings.LogFormat), LogFormat.Text),
            LogLevel = ReadEnum(Settings.LogLevel, Value(Settings.LogLevel), LogLevel.Information),
            RestartGrace = ReadGrace(Value(Settings.RestartGrace)),
            Resources = ReadResources(Value(Settings.Resources)),
        };
    }

    private static string DefaultStateDirectory =>
        OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "Swarm")
            : "/var/lib/swarm";

    private static string ReadSocket(string? value)
    {
        if (OperatingSystem.IsWindows())
        {
            var pipe = value ?? @"\\.\pipe\swarmd";
            return pipe.StartsWith(@"\\.\pipe\", StringComparison.OrdinalIgnoreCase) && pipe.Length > 9
                ? pipe
                : throw Invalid(Settings.Socket, pipe, @"a named pipe such as \\.\pipe\swarmd");
        }
        var path = Path.GetFullPath(value ?? "/run/swarm/swarmd.sock");
        var bytes = System.Text.Encoding.UTF8.GetByteCount(path);
        if (bytes >= LongestSocketPath)
        {
            throw Invalid(
                Settings.Socket,
                path,
                $"a path of at most {LongestSocketPath - 1} bytes (this one has {bytes}): the system allows no longer one for a socket"
            );
        }
        return path;
    }

    private static HostAddress ReadAddress(Setting setting, string value, int port) =>
        HostAddress.TryParse(value, port, out var address) && address.IsIpOrInterfaceName
            ? address
            : throw Invalid(setting, value, "an IP address or the name of a network interface, with optional port, e.g. 10.0.0.11:2377");

    private static string ReadHostname(string? value)
    {
        var name = value ?? Environment.MachineName;
        return name.Length <= 253 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')
            ? name
            : throw Invalid(Settings.Hostname, name, "a name of letters, digits, '-', '_' and '.', at most 253 characters");
    }

    private static ValueMap ReadLabels(IConfigurationSection section)
    {
        // Keys are returned as they were written, also the ones with a colon.
        return ValueMap.From(
            section
                .AsEnumerable(makePathsRelative: true)
                .Where(static l => l.Key.Length > 0 && l.Value is not null)
                .Select(static l => KeyValuePair.Create(l.Key, l.Value!))
        );
    }

    private static IReadOnlyList<PeerSetting> ReadPeers(IConfigurationSection section, ControlPlaneKind plane)
    {
        var peers = section.GetChildren().Select(static p => ReadPeer(p.Key, p.Value ?? "")).ToList();
        return peers.Count == 0 || plane == ControlPlaneKind.Docker
            ? peers
            : throw new ConfigurationException(
                "Peers are for --control-plane docker: with the built-in control plane the nodes' swarmd know each other. Leave them out."
            );
    }

    private static PeerSetting ReadPeer(string node, string value)
    {
        var comma = value.IndexOf(',', StringComparison.Ordinal);
        var certificate = comma < 0 ? "" : value[(comma + 1)..].Trim();
        return certificate.Length > 0 && HostAddress.TryParse(value[..comma], HostAddress.DockerPlanePort, out var address)
            ? new PeerSetting(node, address, Path.GetFullPath(certificate))
            : throw new ConfigurationException($"'{value}' is not valid for the peer '{node}'. Write {PeerSetting.Form}.");
    }

    private static T ReadEnum<T>(Setting setting, string? value, T standard)
        where T : struct, Enum
    {
        if (value is null)
        {
            return standard;
        }
        return !char.IsAsciiDigit(value[0]) && Enum.TryParse<T>(value, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed)
            ? parsed
            : throw Invalid(setting, value, "one of " + string.Join(", ", Enum.GetNames<T>()));
    }

    private static string? ReadDockerHost(string? value)
    {
        if (value is null)
        {
            return null;
        }
        if (!Uri.TryCreate(value, UriKind.Absolute, out var uri) || uri.Scheme is not ("unix" or "tcp" or "npipe" or "http" or "https"))
        {
            throw Invalid(Settings.DockerHost, value, "an engine's address such as unix:///var/run/docker.sock");
        }
        // There is no setting for the client's certificate, so each call would fail with a protocol error that names no cause.
        return uri.Scheme != "https" && uri.Port != EngineTlsPort
            ? value
            : throw Invalid(
                Settings.DockerHost,
                value,
                "an engine without TLS, such as unix:///var/run/docker.sock: swarmd does not speak TLS with its engine. Run swarmd beside the engine, and Connect-Swarm to it"
            );
    }

    private static string? ReadImages(string? value)
    {
        if (value is null)
        {
            return null;
        }
        var path = Path.GetFullPath(value);
        return Directory.Exists(path)
            ? path
            : throw Invalid(Settings.Images, path, "a directory that exists: images are <name>/<tag>/manifest.json in it");
    }

    private static TimeSpan ReadGrace(string? value)
    {
        if (value is null)
        {
            return TimeSpan.FromSeconds(30);
        }
        return Quantity.TryParseDuration(value, out var grace) && grace <= HeartbeatRules.LongestRestartGrace
            ? grace
            : throw Invalid(Settings.RestartGrace, value, "a duration such as 30s or 1m30s, at most 10m");
    }

    private static ResourceAmount? ReadResources(string? value)
    {
        if (value is null)
        {
            return null;
        }
        const string Expected = "cpu=<number of CPUs>,memory=<size>, e.g. cpu=2,memory=4g";
        long? cpus = null;
        long? memory = null;
        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? part : part[..equals];
            var amount = equals < 0 ? "" : part[(equals + 1)..];
            switch (name.ToLowerInvariant())
            {
                case "cpu"
                or "cpus"
                    when double.TryParse(amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
                        && count is > 0 and <= 1_000_000:
                    cpus = (long)Math.Round(count * 1e9);
                    break;
                case "memory" when Quantity.TryParseSize(amount, out var bytes) && bytes > 0:
                    memory = bytes;
                    break;
                default:
                    throw Invalid(Settings.Resources, value, Expected);
            }
        }
        return cpus is { } c && memory is { } m ? new ResourceAmount(c, m) : throw Invalid(Settings.Resources, value, Expected);
    }

    private static ConfigurationException Invalid(Setting setting, string value, string expected) =>
        new($"'{value}' is not valid for {setting.Option} ({setting.Variable}, \"{setting.Name}\"). Give {expected}.");
}
