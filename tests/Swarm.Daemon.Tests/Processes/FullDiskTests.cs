using System.Diagnostics;
using Grpc.Core;
using Swarm.Daemon.Tests.Hosting;
using Swarm.Host.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>A real swarmd whose disk fills up: it reports that, loses nothing, and goes on when there is space again.</summary>
[Collection(ProcessTests.Name)]
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-p-").FullName;
    private SwarmdNode _node = null!;
    private bool _mounted;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Ballast => Path.Combine(_directory, "ballast");

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Mounting a small disk needs root on Linux.");
        var error = Run("mount", "-t", "tmpfs", "-o", "size=24m", "swarm-test", _directory);
        Assert.SkipWhen(error is not null, $"A small disk cannot be mounted here: {error}");
        _mounted = true;
        _node = new SwarmdNode(_directory, "node1", "Process");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
        if (_mounted)
        {
            // A supervisor that was just killed may still be in there.
            await Eventually.BeTrueAsync(() => Run("umount", _directory) is null, "the small disk is unmounted");
        }
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Takes all the free space; disposing returns it.</summary>
    private void FillUp()
    {
        using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write);
        var chunk = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(chunk);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private Task<V1.CreateServiceResponse> CreateAsync(string name, params string[] command) => CreateOnAsync("node1", name, command);

    private Task<V1.CreateServiceResponse> CreateOnAsync(string node, string name, params string[] command)
    {
        var spec = new V1.ServiceSpec
        {
            Name = name,
            Container = new V1.ContainerSpec
            {
                Image = "alpine",
                Command = { command },
                StopGracePeriod = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100)),
            },
            Replicated = new V1.ReplicatedMode { Replicas = 1 },
            RestartPolicy = new V1.RestartPolicy { Condition = V1.RestartCondition.None },
            Placement = new V1.Placement { Constraints = { "node.hostname==" + node } },
        };
        return _node
            .Control.Services.CreateServiceAsync(new() { Spec = spec, NoResolveImage = true }, cancellationToken: Cancel)
            .ResponseAsync;
    }

    private async Task<List<string>> ServicesAsync()
    {
        using var call = _node.Control.Services.ListServices(new(), cancellationToken: Cancel);
        return await Deadline.WaitAsync(
            call.ResponseStream.ReadAllAsync(Cancel).Select(static s => s.Spec.Name).ToListAsync(Cancel),
            "the list of services"
        );
    }

    private Task<V1.Task> TaskAsync(string service, Func<V1.Task, bool> wanted) =>
        Eventually.GetAsync(
            async () =>
            {
                using var call = _node.Control.Tasks.ListTasks(new() { Services = { service } }, cancellationToken: Cancel);
                return (
                        await Deadline.WaitAsync(call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel), "the list of tasks")
                    ).FirstOrDefault() ?? new V1.Task { Status = new() };
            },
            wanted,
            $"the task of {service} as wanted",
            _node.Log
        );

    [Fact]
    public async Task Changes_are_refused_until_there_is_room_and_everything_that_was_acknowledged_is_there()
    {
        await _node.StartAsync();
        await _node.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel);
        await CreateAsync("before", "sleep", "100000");
        var running = RunningTask.Of(await TaskAsync("before", static t => t.Status.State == V1.TaskState.Running));
        FillUp();
        var e = await Assert.ThrowsAsync<RpcException>(() => CreateAsync("during", "true"));
        Assert.Equal((StatusCode.ResourceExhausted, "StorageFull"), (e.StatusCode, e.Trailers.GetValue("swarm-error-id")));
        Assert.Contains("nothing was lost", e.Status.Detail, StringComparison.Ordinal);
        // Nobody else could lead: what is there is shown, and tasks run on.
        await TestDaemon.RefusedAsync("StorageFull", () => CreateAsync("during", "true"));
        Assert.Equal(["before"], await ServicesAsync());
        Assert.True(running.IsAlive);

        File.Delete(Ballast);
        await Eventually.GetAsync(() => CreateAsync("after", "true"), static _ => true, "a service is created", _node.Log);
        Assert.Equal(["after", "before"], await ServicesAsync());
        await _node.KillAsync();
        await _node.StartAsync();
        Assert.Equal(
            ["after", "before"],
            (await Eventually.GetAsync(ServicesAsync, static s => s.Count > 0, "services", _node.Log)).Order()
        );
        Assert.True(running.IsAlive);
    }

    [Fact]
    public async Task Agents_keep_their_sessions_and_their_reports_come_when_there_is_room()
    {
        var elsewhere = Directory.CreateTempSubdirectory("swarm-p-").FullName;
        var worker = new SwarmdNode(elsewhere, "worker1", "Process") { Arguments = { "--log-level", "debug" } };
        try
        {
            await Task.WhenAll(_node.StartAsync(), worker.StartAsync());
            await _node.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel);
            var tokens = await _node.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel);
            var join = new V1.JoinSwarmRequest { Token = tokens.Worker, RemoteAddresses = { _node.Address } };
            await Eventually.GetAsync(
                () => worker.Control.Membership.JoinSwarmAsync(join, cancellationToken: Cancel).ResponseAsync,
                static _ => true,
                "the worker joins",
                worker.Log
            );
            await CreateOnAsync(worker.Name, "ends", "sh", "-c", "trap 'exit 7' TERM; while :; do sleep 1000 & wait $!; done");
            var ends = RunningTask.Of(await TaskAsync("ends", static t => t.Status.State == V1.TaskState.Running));
            var sessions = Sessions(worker);
            Assert.NotEqual(0, sessions);
            FillUp();
            await TestDaemon.RefusedAsync("StorageFull", () => CreateAsync("during", "true"));
            await Eventually.BeTrueAsync(
                () =>
                {
                    if (ProcessIdentity.Of(ends.Pid) is { } process)
                    {
                        ProcessSignal.Send(process, ProcessSignal.Term);
                    }
                    return !ends.IsAlive;
                },
                "the task has ended"
            );
            // Its report is on its way, and cannot be committed.
            await Eventually.BeTrueAsync(
                () => worker.Output.Any(static l => l.Contains(" is Failed: ", StringComparison.Ordinal)),
                "the worker reports it",
                worker.Log
            );
            await TestDaemon.RefusedAsync("StorageFull", () => CreateAsync("during", "true"));
            Assert.Equal(V1.TaskState.Running, (await TaskAsync("ends", static _ => true)).Status.State);

            File.Delete(Ballast);
            Assert.Equal(7, (await TaskAsync("ends", static t => t.Status.State == V1.TaskState.Failed)).Status.ExitCode);
            await Eventually.GetAsync(() => CreateAsync("after", "true"), static _ => true, "a service is created", _node.Log);
            Assert.Equal(sessions, Sessions(worker));
        }
        finally
        {
            await worker.DisposeAsync();
            Directory.Delete(elsewhere, recursive: true);
        }

        static int Sessions(SwarmdNode node) => node.Output.Count(static l => l.Contains(" is open; ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_start_on_a_full_disk_is_refused_with_what_to_do_and_works_when_there_is_room()
    {
        await _node.StartAsync();
        await _node.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel);
        await CreateAsync("before", "sleep", "100000");
        await _node.KillAsync();
        FillUp();
        var (code, said) = await _node.RefuseAsync();
        Assert.Equal(1, code);
        Assert.Contains("No space left on device", said, StringComparison.Ordinal);
        Assert.Contains("free disk space", said, StringComparison.Ordinal);
        File.Delete(Ballast);
        await _node.StartAsync();
        Assert.Equal(["before"], await Eventually.GetAsync(ServicesAsync, static s => s.Count > 0, "services", _node.Log));
    }

    [Fact]
    public async Task An_init_on_a_full_disk_leaves_the_node_outside()
    {
        await _node.StartAsync();
        FillUp();
        await Assert.ThrowsAsync<RpcException>(() =>
            _node.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        File.Delete(Ballast);
        var info = await _node.Control.Daemon.GetDaemonAsync(new(), cancellationToken: Cancel);
        if (info.State == V1.LocalNodeState.Error)
        {
            // The start of the membership could not even be removed. A leave removes it, now that there is space.
            await _node.Control.Membership.LeaveSwarmAsync(new() { Force = true }, cancellationToken: Cancel);
        }
        await _node.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel);
    }

    /// <summary>The supervisor cannot write the exit code then, and swarmd still learns it.</summary>
    [Fact]
    public async Task A_task_that_ends_while_the_disk_is_full_has_ended_with_its_code()
    {
        await _node.StartAsync();
        await _node.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel);
        await CreateAsync("ends", "sh", "-c", "trap 'exit 7' TERM; while :; do sleep 1000 & wait $!; done");
        await CreateAsync("killed", "sleep", "100000");
        var (ends, killed) = (
            RunningTask.Of(await TaskAsync("ends", static t => t.Status.State == V1.TaskState.Running)),
            RunningTask.Of(await TaskAsync("killed", static t => t.Status.State == V1.TaskState.Running))
        );
        FillUp();
        await Eventually.BeTrueAsync(
            () =>
            {
                ProcessSignal.Send(ends.Process, ProcessSignal.Term);
                return !ends.IsAlive;
            },
            "one has ended by itself"
        );
        killed.Kill();
        // Told to the manager when it can write again.
        await Eventually.BeTrueAsync(() => !killed.IsAlive, "the other was killed");
        File.Delete(Ballast);
        Assert.Equal(7, (await TaskAsync("ends", static t => t.Status.State == V1.TaskState.Failed)).Status.ExitCode);
        Assert.Equal(137, (await TaskAsync("killed", static t => t.Status.State == V1.TaskState.Failed)).Status.ExitCode);
        // And both can be removed.
        await _node.Control.Services.RemoveServiceAsync(new() { Selector = "ends" }, cancellationToken: Cancel);
        await _node.Control.Services.RemoveServiceAsync(new() { Selector = "killed" }, cancellationToken: Cancel);
        var tasks = Path.Combine(_node.StateDirectory, "processes");
        await Eventually.BeTrueAsync(() => Directory.GetDirectories(tasks).Length == 0, "nothing is left of them", _node.Log);
    }

    private static string? Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(Deadline.Limit), "mount does not end.");
        return process.ExitCode == 0 ? null : error;
    }
}
