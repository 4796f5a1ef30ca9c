using System.Diagnostics;
using System.Text.Json;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>A real swarmd's start: refusals and their exit codes, its socket, its log, its labels.</summary>
[Collection(ProcessTests.Name)]
public sealed class DaemonStartTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-p-").FullName;
    private readonly List<SwarmdNode> _nodes = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals and sockets as on Linux.");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
        Directory.Delete(_directory, recursive: true);
    }

    private SwarmdNode Node(string name = "node1")
    {
        var node = new SwarmdNode(_directory, name, "Simulated");
        _nodes.Add(node);
        return node;
    }

    [Fact]
    public async Task A_bad_setting_is_exit_code_2_and_one_sentence_on_standard_error()
    {
        var node = Node();
        node.Arguments.AddRange(["--log-level", "loud"]);
        var (code, said) = await node.RefuseAsync();
        Assert.Equal(2, code);
        Assert.Equal(
            "swarmd: 'loud' is not valid for --log-level (SWARMD_LOG_LEVEL, \"log-level\"). Give one of Trace, Debug, Information, Warning, Error, Critical, None.",
            said
        );
        Assert.False(Directory.Exists(node.StateDirectory));
    }

    [Fact]
    public async Task A_state_directory_in_use_is_exit_code_1_and_names_the_holder()
    {
        var (first, second) = (Node(), Node("node2"));
        await first.StartAsync();
        second.StateDirectory = first.StateDirectory;
        var (code, said) = await second.RefuseAsync();
        Assert.Equal(1, code);
        Assert.Contains($"'{first.StateDirectory}' is in use by another swarmd (pid {first.ProcessId})", said, StringComparison.Ordinal);
        Assert.Contains("--state-dir", said, StringComparison.Ordinal);
        Assert.Equal(V1.LocalNodeState.Inactive, (await first.Control.Daemon.GetDaemonAsync(new(), cancellationToken: Cancel)).State);
        // A killed process holds no lock any more.
        await first.KillAsync();
        await second.StartAsync();
    }

    [Fact]
    public async Task A_socket_on_which_another_swarmd_answers_is_refused_and_one_left_by_the_dead_is_taken_over()
    {
        var (first, second) = (Node(), Node("node2"));
        await first.StartAsync();
        second.Socket = first.Socket;
        var (code, said) = await second.RefuseAsync();
        Assert.Equal(1, code);
        Assert.Contains($"Another program answers on the socket '{first.Socket}'", said, StringComparison.Ordinal);
        await first.Control.Daemon.GetDaemonAsync(new(), cancellationToken: Cancel);
        await first.KillAsync();
        Assert.True(File.Exists(first.Socket));
        await second.StartAsync();
        Assert.Equal("node2", (await first.Control.Daemon.GetDaemonAsync(new(), cancellationToken: Cancel)).Hostname);
    }

    [Fact]
    public async Task A_file_where_the_socket_should_be_is_left_alone()
    {
        var node = Node();
        await File.WriteAllTextAsync(node.Socket, "important", Cancel);
        var (code, said) = await node.RefuseAsync();
        Assert.Equal(1, code);
        Assert.Contains("there is a file that is not a socket", said, StringComparison.Ordinal);
        Assert.Equal("important", await File.ReadAllTextAsync(node.Socket, Cancel));
    }

    /// <summary>Root and the group swarm may use it. The test shows swarmd an /etc/group of its own, so that the machine needs no such group.</summary>
    [Fact]
    public async Task The_socket_is_for_root_and_the_group_swarm()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Giving a file to a group needs root.");
        var group = Path.Combine(_directory, "group");
        await File.WriteAllTextAsync(group, "root:x:0:\nswarm:x:4321:\n", Cancel);
        var node = Node();
        node.Before =
        [
            "unshare",
            "--mount",
            "--",
            "/bin/sh",
            "-c",
            "mount --bind \"$1\" /etc/group && shift && umask 0 && exec \"$@\"",
            "sh",
            group,
        ];
        await node.StartAsync();
        Assert.Equal("660 0 4321", await StatAsync(node.Socket));
        Assert.Equal("700 0 0", await StatAsync(node.StateDirectory));
        await node.Control.Daemon.GetDaemonAsync(new(), cancellationToken: Cancel);
        // No other user gets in, because of the socket itself and not of the folder around it.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_directory, (UnixFileMode)0b111_101_101);
        Assert.Contains("PermissionError", await ConnectAsync(node.Socket, user: 1234, group: 1234), StringComparison.Ordinal);
        Assert.Equal("", await ConnectAsync(node.Socket, user: 1234, group: 4321));
    }

    [Fact]
    public async Task The_socket_is_its_owners_alone_where_there_is_no_such_group()
    {
        var node = Node();
        await node.StartAsync();
        Assert.SkipWhen(
            (await File.ReadAllTextAsync("/etc/group", Cancel)).Contains("\nswarm:", StringComparison.Ordinal),
            "This machine has it."
        );
        Assert.StartsWith("660 ", await StatAsync(node.Socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_is_json_lines_with_the_values_beside_the_words()
    {
        var node = Node();
        node.Environment["SWARMD_LOG_FORMAT"] = "json";
        node.Environment["SWARMD_LOG_LEVEL"] = "debug";
        await node.StartAsync();
        var made = await node.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel);
        Assert.Equal(0, await node.TerminateAsync());
        var lines = node.Output.Where(static l => !l.StartsWith("swarmd ", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lines);
        var entries = lines.ConvertAll(static l => JsonDocument.Parse(l).RootElement);
        Assert.All(
            entries,
            static e =>
            {
                Assert.True(DateTimeOffset.TryParse(e.GetProperty("Timestamp").GetString(), out _));
                Assert.NotEqual(JsonValueKind.Undefined, e.GetProperty("LogLevel").ValueKind);
                Assert.NotEqual(JsonValueKind.Undefined, e.GetProperty("Category").ValueKind);
            }
        );
        var active = Assert.Single(
            entries,
            static e => e.GetProperty("Message").GetString()!.Contains("is active in swarm", StringComparison.Ordinal)
        );
        Assert.Equal(made.NodeId, active.GetProperty("State").GetProperty("NodeId").GetString());
        Assert.Equal(made.ClusterId, active.GetProperty("State").GetProperty("ClusterId").GetString());
        Assert.Equal("Information", active.GetProperty("LogLevel").GetString());
    }

    [Fact]
    public async Task A_quiet_log_holds_nothing_below_its_level()
    {
        var node = Node();
        node.Arguments.AddRange(["--log-level", "warning"]);
        await node.StartAsync();
        await node.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel);
        Assert.Equal(0, await node.TerminateAsync());
        Assert.DoesNotContain(node.Output, static l => l.Contains(" info: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_delay_for_tests_is_in_the_log_as_a_warning_and_only_where_it_is_set()
    {
        var node = Node();
        await node.StartAsync();
        Assert.Equal(0, await node.TerminateAsync());
        Assert.DoesNotContain("SWARM_TEST_SYNC_DELAY", node.Log(), StringComparison.Ordinal);
        node.Environment["SWARM_TEST_SYNC_DELAY"] = "7";
        await node.StartAsync();
        Assert.Equal(0, await node.TerminateAsync());
        Assert.Single(
            node.Output,
            static l =>
                l.Contains("warn", StringComparison.OrdinalIgnoreCase)
                && l.Contains("SWARM_TEST_SYNC_DELAY is set to '7'", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Engine_labels_of_all_sources_reach_the_manager()
    {
        var node = Node();
        var file = Path.Combine(_directory, "swarmd.json");
        await File.WriteAllTextAsync(file, """{ "labels": { "a": "file", "b": "file" } }""", Cancel);
        node.Environment["SWARMD_CONFIG"] = file;
        node.Environment["SWARMD_LABELS"] = "b=environment";
        node.Arguments.AddRange(["--label", "com.example.storage=ssd"]);
        await node.StartAsync();
        await node.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel);
        var info = await Eventually.GetAsync(
            async () =>
            {
                using var call = node.Control.Nodes.ListNodes(new(), cancellationToken: Cancel);
                Assert.True(await Deadline.WaitAsync(call.ResponseStream.MoveNext(Cancel), "the list of nodes"));
                return call.ResponseStream.Current;
            },
            static n => n.State == V1.NodeState.Ready,
            "Ready",
            node.Log
        );
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["a"] = "file",
                ["b"] = "environment",
                ["com.example.storage"] = "ssd",
            },
            info.Description.Engine.Labels
        );
    }

    private static Task<string> StatAsync(string path) => RunAsync("stat", "-c", "%a %u %g", path);

    private static Task<string> ConnectAsync(string socket, int user, int group) =>
        RunAsync(
            "setpriv",
            $"--reuid={user}",
            $"--regid={group}",
            "--clear-groups",
            "/usr/bin/python3",
            "-c",
            "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])",
            socket
        );

    /// <summary>The output of a program, on either stream.</summary>
    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var output = process.StandardOutput.ReadToEndAsync(Cancel);
        var error = process.StandardError.ReadToEndAsync(Cancel);
        await Deadline.WaitAsync(process.WaitForExitAsync(Cancel), $"{program} to end");
        return ((await output) + await error).Trim();
    }
}
