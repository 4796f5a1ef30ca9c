using System.Net;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Daemon.Tests.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Ports;

/// <summary>Published ports over real swarmd processes, whose tasks are real web servers.</summary>
[Collection(ProcessTests.Name)]
public sealed class PublishedPortTests
{
    private const string Name = "web";

    /// <summary>Requests of each scenario. SWARM_LOAD_REQUESTS=n makes so many.</summary>
    private static int Requests =>
        int.TryParse(System.Environment.GetEnvironmentVariable("SWARM_LOAD_REQUESTS"), out var number) ? number : 2_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_request_is_lost_while_tasks_come_and_go()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Process", workers: 2);
        var port = FreePort();
        await swarm.Control.Services.CreateServiceAsync(
            new() { Spec = Spec(port, "http:1", replicas: 3), NoResolveImage = true },
            cancellationToken: Cancel
        );
        await RunningAsync(swarm, "http:1", 3);
        await Eventually.BeTrueAsync(() => EndPoints(swarm, port).All(IsAnswered), "every node answers");

        await WithLoadAsync(swarm, port, "a stop-first update", () => UpdateAsync(swarm, "http:2", V1.UpdateOrder.StopFirst));
        await WithLoadAsync(swarm, port, "a start-first update", () => UpdateAsync(swarm, "http:1", V1.UpdateOrder.StartFirst));
        await WithLoadAsync(swarm, port, "a drained node", () => DrainAsync(swarm));
        await WithLoadAsync(
            swarm,
            port,
            "a scale down and up",
            async () =>
            {
                await ScaleAsync(swarm, 1);
                await ScaleAsync(swarm, 4);
            }
        );

        await swarm.Control.Services.RemoveServiceAsync(new() { Selector = Name }, cancellationToken: Cancel);
        await Eventually.BeTrueAsync(() => EndPoints(swarm, port).All(IsRefused), "no node listens on the port");
    }

    [Fact]
    public async Task Tasks_take_turns_and_a_killed_one_is_out_at_once()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Process", workers: 2);
        var port = FreePort();
        await swarm.Control.Services.CreateServiceAsync(
            new() { Spec = Spec(port, "http:1", replicas: 3), NoResolveImage = true },
            cancellationToken: Cancel
        );
        var tasks = await RunningAsync(swarm, "http:1", 3);
        await Eventually.BeTrueAsync(() => EndPoints(swarm, port).All(IsAnswered), "every node answers");
        await using (var load = new WebLoad(EndPoints(swarm, port)[0]))
        {
            await Eventually.BeTrueAsync(() => load.Requests >= 600, "600 requests");
            Assert.Equal(3, load.Answers.Count);
            Assert.Empty(load.Failures);
            var killed = RunningTask.Of(tasks[0]);
            killed.Kill();
            await swarm.TasksAsync(Name, t => t.Count == 4 && t.Count(ProcessSwarm.IsRunning) == 3);
            await Eventually.BeTrueAsync(() => load.Answers.Count == 4, "the new task answers");
            // Connections that the dead task had end with it; a new one never goes there.
            Assert.All(load.Failures, failure => Assert.DoesNotContain("refused", failure, StringComparison.Ordinal));
            Assert.InRange(load.Failures.Count, 0, 3);
        }
    }

    [Fact]
    public async Task A_port_is_refused_to_a_second_service_and_told_where_another_process_has_it()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Process", workers: 1);
        var port = FreePort();
        var worker = EndPoints(swarm, port)[1];
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(worker);
        other.Listen();
        await swarm.Control.Services.CreateServiceAsync(
            new() { Spec = Spec(port, "http:1", replicas: 1), NoResolveImage = true },
            cancellationToken: Cancel
        );
        var second = Spec(port, "http:1", replicas: 1);
        second.Name = "second";
        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            swarm
                .Control.Services.CreateServiceAsync(new() { Spec = second, NoResolveImage = true }, cancellationToken: Cancel)
                .ResponseAsync
        );
        Assert.Contains($"Port {port}/tcp is already published by service {Name}.", refused.Status.Detail, StringComparison.Ordinal);
        var told = await swarm.NodeAsync(swarm.Workers[0], static n => n.Description.Warnings.Count > 0);
        Assert.Contains($"Port {port}/tcp of service {Name} is not open on this node: another process has it.", told.Description.Warnings);
        other.Close();
        // The next table tries again.
        await ScaleAsync(swarm, 2);
        await Eventually.BeTrueAsync(() => IsAnswered(worker), "the node answers once the port is free");
        await swarm.NodeAsync(swarm.Workers[0], n => !n.Description.Warnings.Any(w => w.Contains($"{port}/tcp", StringComparison.Ordinal)));
    }

    private static async Task WithLoadAsync(ProcessSwarm swarm, uint port, string what, Func<Task> change)
    {
        await using var load = new WebLoad([.. EndPoints(swarm, port).Take(2)]);
        await Eventually.BeTrueAsync(() => load.Requests >= Requests / 4, $"the first requests of {what}");
        await change();
        var until = Math.Max(Requests, load.Requests + Requests / 4);
        await Eventually.BeTrueAsync(() => load.Requests >= until, $"{until} requests of {what}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {load.Requests} requests, {load.Failures.Count} failed");
        Assert.True(
            load.Failures.Count == 0,
            $"{what}: {load.Failures.Count} of {load.Requests} failed:\n{string.Join('\n', load.Failures.Take(10))}"
        );
    }

    private static async Task UpdateAsync(ProcessSwarm swarm, string image, V1.UpdateOrder order)
    {
        var service = await FindAsync(swarm);
        var spec = service.Spec.Clone();
        spec.Container.Image = image;
        spec.Update.Order = order;
        await swarm.Control.Services.UpdateServiceAsync(
            new()
            {
                Selector = Name,
                Spec = spec,
                Version = service.Version,
                NoResolveImage = true,
            },
            cancellationToken: Cancel
        );
        await RunningAsync(swarm, image, 3);
        await Eventually.GetAsync(
            () => FindAsync(swarm),
            static s => s.UpdateStatus?.State == V1.UpdateState.Completed,
            "the update completes"
        );
    }

    private static async Task DrainAsync(ProcessSwarm swarm)
    {
        var node = await swarm.NodeAsync(swarm.Workers[1]);
        await swarm.Control.Nodes.UpdateNodeAsync(
            new() { Selector = node.Id, Availability = V1.NodeAvailability.Drain },
            cancellationToken: Cancel
        );
        await swarm.TasksAsync(
            Name,
            t => t.Count(x => ProcessSwarm.IsRunning(x) && x.NodeId != node.Id) == 3 && !t.Any(x => IsThere(x, node.Id))
        );
    }

    private static bool IsThere(V1.Task task, string nodeId) => task.NodeId == nodeId && task.Status.State <= V1.TaskState.Running;

    private static async Task ScaleAsync(ProcessSwarm swarm, ulong replicas)
    {
        var service = await FindAsync(swarm);
        var spec = service.Spec.Clone();
        spec.Replicated.Replicas = replicas;
        await swarm.Control.Services.UpdateServiceAsync(
            new()
            {
                Selector = Name,
                Spec = spec,
                Version = service.Version,
                NoResolveImage = true,
            },
            cancellationToken: Cancel
        );
        await swarm.TasksAsync(Name, t => t.Count(x => x.Status.State == V1.TaskState.Running) == (int)replicas);
    }

    private static async Task<V1.Service> FindAsync(ProcessSwarm swarm)
    {
        using var call = swarm.Control.Services.ListServices(new() { Selectors = { Name } }, cancellationToken: Cancel);
        Assert.True(await Deadline.WaitAsync(call.ResponseStream.MoveNext(Cancel), "the service"));
        return call.ResponseStream.Current;
    }

    private static Task<List<V1.Task>> RunningAsync(ProcessSwarm swarm, string image, int count) =>
        swarm.TasksAsync(Name, t => t.Count(x => x.Image == image && ProcessSwarm.IsRunning(x)) == count);

    private static V1.ServiceSpec Spec(uint port, string image, ulong replicas) =>
        new()
        {
            Name = Name,
            // Clients that keep their connections use them all the time, so that each task waits as long as it may.
            Container = new V1.ContainerSpec { Image = image, StopGracePeriod = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)) },
            Replicated = new V1.ReplicatedMode { Replicas = replicas },
            Ports =
            {
                new V1.PublishedPort { TargetPort = 80, PublishedPort_ = port },
            },
            Update = new V1.UpdateConfig { Parallelism = 1, Monitor = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100)) },
            RestartPolicy = new V1.RestartPolicy { Delay = new Duration() },
        };

    private static IPEndPoint[] EndPoints(ProcessSwarm swarm, uint port) =>
        [.. swarm.Workers.Prepend(swarm.Manager).Select(node => new IPEndPoint(IPEndPoint.Parse(node.Address).Address, (int)port))];

    private static bool IsAnswered(IPEndPoint server)
    {
        using var client = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 5_000 };
        try
        {
            client.Connect(server);
            client.Send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"u8);
            return client.Receive(new byte[256]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool IsRefused(IPEndPoint server)
    {
        using var client = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            client.Connect(server);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    /// <summary>A port that is free on every address, below those that the system gives to clients.</summary>
    private static uint FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 30_000);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                return (uint)port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }
    }
}
