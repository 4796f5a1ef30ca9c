using System.Diagnostics;
using System.Text.Json;
using Grpc.Core;
using Swarm.Control.Addresses;
using Swarm.Control.Planes;
using Swarm.Daemon.Configuration;
using Swarm.Daemon.Hosting;
using Swarm.Daemon.Tests.Manager;
using Swarm.Wire.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>The requirements of any build of swarmd, native ones included: its command line, its settings, its log, its refusals and its
/// state.</summary>
[Collection(ProcessTests.Name)]
public sealed class ProgramTests
{
    private static readonly Dictionary<string, string> NoVariables = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Help_and_version_are_printed()
    {
        var help = await RunAsync(NoVariables, "--help");
        Assert.Equal((0, ""), (help.Code, help.Error));
        Assert.All(Settings.All, setting => Assert.Contains(setting.Option, help.Output, StringComparison.Ordinal));
        var version = await RunAsync(NoVariables, "--version");
        Assert.Equal((0, ""), (version.Code, version.Error));
        Assert.StartsWith(SwarmdVersion.Text, version.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'sometimes' is not valid for --executor", "--executor", "sometimes")]
    [InlineData("'soon' is not valid for --restart-grace", "--restart-grace", "soon")]
    [InlineData("'=x' in --label is not a label", "--label", "=x")]
    [InlineData("--nonsense", "--nonsense")]
    [InlineData("cannot be read", "--config", "/no/such/file.json")]
    public async Task What_is_wrong_on_the_command_line_is_said_in_a_sentence(string sentence, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(NoVariables, arguments);
        Assert.Equal((SwarmdCommandLine.UsageError, ""), (code, output));
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Simulated", workers: 0);
        var file = swarm.Combine("swarmd.json");
        await File.WriteAllTextAsync(file, """{ "log-level": "sometimes", "labels": { "disk": "ssd" } }""", Cancel);
        // The value that the error names shows which source won.
        var variables = new Dictionary<string, string> { ["SWARMD_CONFIG"] = file };
        Assert.Contains("'sometimes' is not valid", (await RunAsync(variables)).Error, StringComparison.Ordinal);
        variables["SWARMD_LOG_LEVEL"] = "often";
        Assert.Contains("'often' is not valid", (await RunAsync(variables)).Error, StringComparison.Ordinal);
        Assert.Contains("'never' is not valid", (await RunAsync(variables, "--log-level", "never")).Error, StringComparison.Ordinal);

        await using var node = new SwarmdNode(swarm.Combine(""), "worker1", "Simulated")
        {
            Arguments = { "--config", file, "--log-level", "information", "--label", "zone=east" },
        };
        await node.StartAsync();
        await swarm.JoinAsync(node);
        var engine = (await swarm.NodeAsync(node)).Description.Engine;
        Assert.Equal(("ssd", "east"), (engine.Labels["disk"], engine.Labels["zone"]));
    }

    [Fact]
    public async Task A_refusal_has_its_status_and_trailers()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Simulated", workers: 0);
        var invalid = ApiRequests.Create("web");
        invalid.Spec.Placement = new V1.Placement { Constraints = { "node.labels.zone=östlich" } };
        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            swarm.Control.Services.CreateServiceAsync(invalid, cancellationToken: Cancel).ResponseAsync
        );
        Assert.Equal((StatusCode.InvalidArgument, "InvalidConstraint"), (refused.StatusCode, refused.Trailers.GetValue("swarm-error-id")));
        Assert.NotEmpty(GrpcErrors.ToSwarmException(refused)!.Action);
        await using var outside = new SwarmdNode(swarm.Combine(""), "outside", "Simulated");
        await outside.StartAsync();
        refused = await Assert.ThrowsAsync<RpcException>(() =>
            outside.Control.Clusters.GetClusterAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        Assert.Equal((StatusCode.FailedPrecondition, "NotInSwarm"), (refused.StatusCode, refused.Trailers.GetValue("swarm-error-id")));
    }

    [Fact]
    public async Task Every_line_of_a_json_log_is_json()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Simulated", workers: 0);
        await using var node = new SwarmdNode(swarm.Combine(""), "worker1", "Simulated") { Arguments = { "--log-format", "json" } };
        await node.StartAsync();
        await swarm.JoinAsync(node);
        Assert.Equal(0, await node.TerminateAsync());
        var lines = node
            .Output.Where(l => !l.StartsWith("swarmd ", StringComparison.Ordinal))
            .Select(l => JsonDocument.Parse(l).RootElement);
        var line = Assert.Single(
            lines,
            l => l.GetProperty("Message").GetString()!.Contains("is active in swarm", StringComparison.Ordinal)
        );
        Assert.Equal("Information", line.GetProperty("LogLevel").GetString());
        Assert.Equal("Worker", line.GetProperty("State").GetProperty("Role").GetString());
    }

    [Fact]
    public async Task Another_build_goes_on_with_its_state()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Process", workers: 0);
        var before = await swarm.RunAsync("web", 2, "node.role==manager");
        var manager = swarm.Manager;
        Assert.Equal(0, await manager.TerminateAsync());

        // The swarmd of this test process: framework-dependent, whatever the other was. It reads the state, and writes more.
        Assert.True(HostAddress.TryParse(manager.Address, HostAddress.ClusterPort, out var address));
        var options = new DaemonOptions
        {
            StateDirectory = manager.StateDirectory,
            Socket = manager.Socket,
            Listen = address,
            Advertise = address,
            Hostname = manager.Name,
            Executor = ExecutorKind.Process,
        };
        await using (await ControlHost.StartAsync(options, cancellation: Cancel))
        {
            await swarm.NodeAsync(manager, static n => n is { State: V1.NodeState.Ready, StateMessage: "" });
            await swarm.AssertKeptAsync("web", before);
            var labelled = new V1.UpdateNodeRequest { Selector = manager.Name, LabelsSet = { ["by"] = "another build" } };
            await swarm.Control.Nodes.UpdateNodeAsync(labelled, cancellationToken: Cancel);
        }

        await manager.StartAsync();
        var node = await swarm.NodeAsync(manager, static n => n is { State: V1.NodeState.Ready, StateMessage: "" });
        Assert.Equal("another build", node.Labels["by"]);
        await swarm.AssertKeptAsync("web", before);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(
        Dictionary<string, string> environment,
        params string[] arguments
    )
    {
        var start = SwarmdProgram.Find().Start(arguments);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancel);
        var error = process.StandardError.ReadToEndAsync(Cancel);
        await Deadline.WaitAsync(process.WaitForExitAsync(Cancel), "the program to end");
        return (process.ExitCode, await output, await error);
    }
}
