using Microsoft.Extensions.Logging;
using Swarm.Core.Model;
using Swarm.Daemon.Configuration;
using Swarm.Daemon.Tests.Storage;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>swarmd's settings: the order of their sources, and the errors for bad values.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Dictionary<string, string> _environment = [];

    public void Dispose() => _directory.Dispose();

    private string File(string content)
    {
        var path = _directory.Combine("swarmd.json");
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Reads the settings like swarmd. Returns the options, or the exit code and the message.</summary>
    private async Task<(DaemonOptions? Options, int ExitCode, string Said)> ReadAsync(params string[] arguments)
    {
        DaemonOptions? read = null;
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await SwarmdCommandLine.InvokeAsync(
            arguments,
            _environment,
            output,
            error,
            (options, _) =>
            {
                read = options;
                return Task.FromResult(0);
            }
        );
        return (read, code, output + error.ToString());
    }

    private async Task<DaemonOptions> OptionsAsync(params string[] arguments)
    {
        var (options, code, said) = await ReadAsync(arguments);
        Assert.True(options is not null && code == 0, said);
        return options!;
    }

    private async Task<string> RefusedAsync(params string[] arguments)
    {
        var (options, code, said) = await ReadAsync(arguments);
        Assert.Null(options);
        Assert.Equal(SwarmdCommandLine.UsageError, code);
        Assert.StartsWith("swarmd: ", said, StringComparison.Ordinal);
        return said;
    }

    [Fact]
    public async Task The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        var file = File(
            """
            {
              // Comments are allowed, as in any configuration file of .NET.
              "hostname": "of-file", "log-level": "debug", "log-format": "json", "restart-grace": "1m",
              "labels": { "a": "file", "b": "file", "c": "file", "com.example:rack": "7" }
            }
            """
        );
        _environment["SWARMD_CONFIG"] = file;
        _environment["SWARMD_HOSTNAME"] = "of-environment";
        _environment["SWARMD_LOG_LEVEL"] = "error";
        _environment["SWARMD_LABELS"] = "b=environment, c=environment";
        var options = await OptionsAsync("--hostname", "of-command-line", "--label", "c=command line", "--label", "d=a=b");
        Assert.Equal("of-command-line", options.Hostname);
        Assert.Equal(LogLevel.Error, options.LogLevel);
        Assert.Equal((LogFormat.Json, TimeSpan.FromMinutes(1)), (options.LogFormat, options.RestartGrace));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["a"] = "file",
                ["b"] = "environment",
                ["c"] = "command line",
                ["com.example:rack"] = "7",
                ["d"] = "a=b",
            },
            options.Labels.ToDictionary()
        );
        // --config wins over SWARMD_CONFIG.
        System.IO.File.WriteAllText(_directory.Combine("other.json"), """{ "executor": "Process" }""");
        var other = await OptionsAsync("--config", _directory.Combine("other.json"));
        Assert.Equal((ExecutorKind.Process, "of-environment", LogFormat.Text), (other.Executor, other.Hostname, other.LogFormat));
    }

    [Fact]
    public async Task Without_any_setting_there_are_defaults()
    {
        Assert.SkipWhen(System.IO.File.Exists(DaemonConfiguration.DefaultFile), "This machine has a configuration of its own.");
        var options = await OptionsAsync();
        Assert.Equal("0.0.0.0:2377", options.Listen.ToString());
        Assert.Null(options.Advertise);
        Assert.Equal(Environment.MachineName, options.Hostname);
        Assert.Equal((ExecutorKind.Auto, ControlPlaneKind.Builtin), (options.Executor, options.ControlPlane));
        Assert.Equal((LogFormat.Text, LogLevel.Information), (options.LogFormat, options.LogLevel));
        Assert.Equal(TimeSpan.FromSeconds(30), options.RestartGrace);
        Assert.Equal((ValueMap.Empty, (ResourceAmount?)null), (options.Labels, options.Resources));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(("/var/lib/swarm", "/run/swarm/swarmd.sock"), (options.StateDirectory, options.Socket));
        }
    }

    [Theory]
    [InlineData("cpu=2,memory=4g", 2_000_000_000, 4L << 30)]
    [InlineData("cpus=0.5, memory=512MiB", 500_000_000, 512L << 20)]
    [InlineData("memory=1048576,cpu=1", 1_000_000_000, 1L << 20)]
    public async Task Resources_are_read_as_people_write_them(string text, long nanoCpus, long bytes) =>
        Assert.Equal(new ResourceAmount(nanoCpus, bytes), (await OptionsAsync("--resources", text)).Resources);

    [Fact]
    public async Task Peers_come_from_all_three_sources()
    {
        var file = File(
            """{ "control-plane": "docker", "peers": { "worker1": "10.0.0.2,/etc/swarm/file.pem", "n3": "[fd00::3]:2400, /etc/swarm/n3.pem" } }"""
        );
        _environment["SWARMD_PEERS"] = "worker1=10.0.0.2,/etc/swarm/environment.pem; worker2 = worker2.example.com,/etc/swarm/worker2.pem";
        var options = await OptionsAsync("--config", file, "--peer", "worker1=10.0.0.9:2379,/etc/swarm/a=b,c.pem");
        Assert.Equal(
            [
                "n3 [fd00::3]:2400 /etc/swarm/n3.pem",
                "worker1 10.0.0.9:2379 /etc/swarm/a=b,c.pem",
                "worker2 worker2.example.com:2378 /etc/swarm/worker2.pem",
            ],
            options.Peers.Select(static p => $"{p.Node} {p.Address} {p.Certificate}").Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("--peer", "worker1")]
    [InlineData("--peer", "=10.0.0.2,/etc/swarm/worker1.pem")]
    [InlineData("--peer", "worker1=10.0.0.2")]
    [InlineData("--peer", "worker1=10.0.0.2,")]
    [InlineData("--peer", "worker1=10.0.0,/etc/swarm/worker1.pem")]
    [InlineData("--peer", "worker1=10.0.0.2:0,/etc/swarm/worker1.pem")]
    public async Task A_peer_that_is_none_is_refused_with_the_form(params string[] arguments) =>
        Assert.Contains(
            "Write name=address[:port],certificate, e.g. worker1=10.0.0.2:2378,/etc/swarm/worker1.pem.",
            await RefusedAsync(["--control-plane", "docker", .. arguments]),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task Peers_are_for_the_docker_control_plane() =>
        Assert.Contains(
            "Peers are for --control-plane docker",
            await RefusedAsync("--peer", "worker1=10.0.0.2,/etc/swarm/worker1.pem"),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("--listen", "10.0.0")]
    [InlineData("--listen", "10.0.0.1:0")]
    [InlineData("--listen", "10.0.0.1:65536")]
    [InlineData("--listen", "manager.example.com")]
    [InlineData("--listen", "a b")]
    [InlineData("--advertise", "10.0.0.1:x")]
    [InlineData("--hostname", "a b")]
    [InlineData("--hostname", "käse")]
    [InlineData("--executor", "Podman")]
    [InlineData("--executor", "1")]
    [InlineData("--docker-host", "var/run/docker.sock")]
    [InlineData("--docker-host", "ftp://host")]
    [InlineData("--docker-host", "tcp://10.0.0.11:2376")]
    [InlineData("--docker-host", "tcp://127.0.0.1:2376")]
    [InlineData("--docker-host", "https://127.0.0.1:2375")]
    [InlineData("--images", "/no/such/directory")]
    [InlineData("--control-plane", "kubernetes")]
    [InlineData("--log-format", "xml")]
    [InlineData("--log-level", "loud")]
    [InlineData("--restart-grace", "30")]
    [InlineData("--restart-grace", "-5s")]
    [InlineData("--restart-grace", "2h")]
    [InlineData("--restart-grace", "1..5s")]
    [InlineData("--resources", "cpu=2")]
    [InlineData("--resources", "cpu=0,memory=1g")]
    [InlineData("--resources", "cpu=-1,memory=1g")]
    [InlineData("--resources", "cpu=NaN,memory=1g")]
    [InlineData("--resources", "cpu=1,memory=lots")]
    [InlineData("--resources", "cpu=1,memory=-1g")]
    [InlineData("--resources", "cpu=1,memory=99999999999t")]
    [InlineData("--resources", "cpu=1,memory=1g,disk=3")]
    public async Task A_bad_value_is_refused_with_the_setting_the_value_and_what_is_expected(string option, string value)
    {
        var said = await RefusedAsync(option, value);
        Assert.Contains(
            $"'{value}' is not valid for {option} (SWARMD_{option[2..].ToUpperInvariant().Replace('-', '_')}",
            said,
            StringComparison.Ordinal
        );
        Assert.Contains("Give ", said, StringComparison.Ordinal);
        // The same in the environment.
        _environment["SWARMD_" + option[2..].ToUpperInvariant().Replace('-', '_')] = value;
        Assert.Equal(said, await RefusedAsync());
    }

    [Fact]
    public async Task A_socket_path_that_no_system_takes_is_refused_with_its_length()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has named pipes.");
        Assert.Contains("(this one has 201)", await RefusedAsync("--socket", "/" + new string('s', 200)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--label", "storage")]
    [InlineData("--label", "=ssd")]
    [InlineData("--label", "")]
    public async Task A_label_that_is_none_is_refused(string option, string value) =>
        Assert.Contains("Write name=value", await RefusedAsync(option, value), StringComparison.Ordinal);

    [Theory]
    [InlineData("--no-such-option")]
    [InlineData("start")]
    [InlineData("--hostname")]
    public async Task A_command_line_that_is_none_is_refused_with_where_to_look(params string[] arguments) =>
        Assert.Contains("swarmd --help", await RefusedAsync(arguments), StringComparison.Ordinal);

    public static TheoryData<string, string> BadFiles { get; } =
        new()
        {
            { "", "is not a JSON object" },
            { "{", "is not a JSON object" },
            { "[1]", "is not a JSON object" },
            { "\"text\"", "is not a JSON object" },
            { """{ "hostnam": "a" }""", "'hostnam', which does not exist. Settings are: state-dir, " },
            { """{ "hostname": { "name": "a" } }""", "must be a single value" },
            { """{ "hostname": ["a"] }""", "must be a single value" },
            { """{ "labels": "a=b" }""", "must be an object" },
            { """{ "labels": null }""", "must be an object" },
            { """{ "Labels": { "a": null } }""", "must be an object" },
            { """{ "labels": ["a=b"] }""", "must be an object" },
            { """{ "labels": { "a": { "b": "c" } } }""", "must be an object" },
            { """{ "peers": ["worker1"] }""", "must be an object of single values, e.g. \"peers\": { \"worker1\":" },
            { """{ "peers": { "a": { "b": "c" } } }""", "must be an object" },
            { """{ "log-level": "loud" }""", "'loud' is not valid for --log-level" },
            { """{ "hostname": "a", "hostname": "b" }""", "is not a JSON object" },
        };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public async Task A_bad_file_is_refused_and_named(string content, string expected)
    {
        var path = File(content);
        var said = await RefusedAsync("--config", path);
        Assert.Contains(expected, said, StringComparison.Ordinal);
        if (!expected.Contains("log-level", StringComparison.Ordinal))
        {
            Assert.Contains(path, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_refused_and_named()
    {
        var path = _directory.Combine("none.json");
        Assert.Contains(path, await RefusedAsync("--config", path), StringComparison.Ordinal);
        _environment["SWARMD_CONFIG"] = path;
        Assert.Contains(path, await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_and_version_are_answered_and_start_nothing()
    {
        foreach (var argument in new[] { "--help", "--version" })
        {
            var (options, code, said) = await ReadAsync(argument);
            Assert.Equal((null, 0), (options, code));
            Assert.NotEmpty(said);
        }
        var help = (await ReadAsync("--help")).Said;
        Assert.All(Settings.All, s => Assert.Contains(s.Option, help, StringComparison.Ordinal));
    }
}
