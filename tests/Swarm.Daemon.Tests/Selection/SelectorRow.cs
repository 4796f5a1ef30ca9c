using Grpc.Core;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Selection;

/// <summary>A field of the control API that names objects, with a call that shows which object a word means.</summary>
/// <param name="Field">Method and path of the field.</param>
/// <param name="Kind">The kind of object.</param>
/// <param name="Shows">The property of the object that the call answers with.</param>
/// <param name="Call">The call with that word.</param>
internal sealed record SelectorRow(
    string Field,
    SelectedKind Kind,
    Func<SelectedObjects, string> Shows,
    Func<SelectorPlane, string, Task<string>> Call
)
{
    public static readonly SelectorRow[] All =
    [
        new(
            "ListNodes.selectors",
            SelectedKind.Node,
            NodeId,
            (p, s) => FirstAsync(p.Client.Nodes.ListNodes(new() { Selectors = { s } }), n => n.Id)
        ),
        new("UpdateNode.selector", SelectedKind.Node, NodeId, async (p, s) => (await LabelAsync(p, s, "here")).Id),
        new("RemoveNode.selector", SelectedKind.Node, TaskId, async (p, s) => (
                    await p.Client.Nodes.RemoveNodeAsync(
                        new()
                        {
                            Selector = s,
                            Force = true,
                            DryRun = true,
                        }
                    )
                ).Preview.Actions[0].TaskId),
        new(
            "WaitNode.selector",
            SelectedKind.Node,
            NodeId,
            (p, s) => FirstAsync(p.Client.Nodes.WaitNode(new() { Selector = s }), n => n.NodeId)
        ),
        new("RunHostCommand.selector", SelectedKind.Node, static o => o.NodeName, static (p, s) => p.HostNode(s)),
        new("WatchEvents.selectors", SelectedKind.Node, NodeId, WatchAsync),
        new("ListTasks.nodes", SelectedKind.Node, TaskId, (p, s) => TaskAsync(p, new() { Nodes = { s } })),
        new("ListTasks.services", SelectedKind.Service, TaskId, (p, s) => TaskAsync(p, new() { Services = { s } })),
        new("ListTasks.selectors", SelectedKind.Task, TaskId, (p, s) => TaskAsync(p, new() { Selectors = { s } })),
        new("ListTasks.task_or_service", SelectedKind.TaskOrService, TaskId, (p, s) => TaskAsync(p, new() { TaskOrService = s })),
        new(
            "StopTask.selector",
            SelectedKind.Task,
            TaskId,
            async (p, s) => (await p.Client.Tasks.StopTaskAsync(new() { Selector = s, DryRun = true })).Preview.Actions[0].TaskId
        ),
        // Each service fits on the node of its task only, and that comes first.
        new(
            "TestPlacement.selector",
            SelectedKind.Service,
            NodeId,
            (p, s) => FirstAsync(p.Client.Tasks.TestPlacement(new() { Selector = s }), n => n.Suitable ? n.NodeId : n.Detail)
        ),
        new(
            "ListServices.selectors",
            SelectedKind.Service,
            ServiceId,
            (p, s) => FirstAsync(p.Client.Services.ListServices(new() { Selectors = { s } }), n => n.Id)
        ),
        new(
            "ListServiceRevisions.selectors",
            SelectedKind.Service,
            ServiceId,
            (p, s) => FirstAsync(p.Client.Services.ListServiceRevisions(new() { Selectors = { s } }), n => n.ServiceId)
        ),
        new(
            "WaitServices.selectors",
            SelectedKind.Service,
            ServiceId,
            (p, s) => FirstAsync(p.Client.Services.WaitServices(new() { Selectors = { s }, Removed = true }), n => n.ServiceId)
        ),
        new(
            "UpdateService.selector",
            SelectedKind.Service,
            static o => o.ServiceName,
            (p, s) =>
                TargetAsync(
                    "NameCannotChange",
                    p.Client.Services.UpdateServiceAsync(
                        new()
                        {
                            Selector = s,
                            NoResolveImage = true,
                            Spec = Spec(),
                        }
                    )
                )
        ),
        new("ScaleServices.services.selector", SelectedKind.Service, ServiceId, async (p, s) => (
                    await p.Client.Services.ScaleServicesAsync(
                        new()
                        {
                            Services =
                            {
                                new V1.ServiceScale { Selector = s, Replicas = 1 },
                            },
                        }
                    )
                ).Services[0].Id),
        new(
            "RollbackService.selector",
            SelectedKind.Service,
            static o => o.ServiceName,
            (p, s) => TargetAsync("NoPreviousRevision", p.Client.Services.RollbackServiceAsync(new() { Selector = s, DryRun = true }))
        ),
        new(
            "RemoveService.selector",
            SelectedKind.Service,
            ServiceId,
            async (p, s) => (await p.Client.Services.RemoveServiceAsync(new() { Selector = s, DryRun = true })).ServiceId
        ),
        new(
            "ListNetworks.selectors",
            SelectedKind.Network,
            NetworkId,
            (p, s) => FirstAsync(p.Client.Networks.ListNetworks(new() { Selectors = { s } }), n => n.Id)
        ),
        new(
            "RemoveNetwork.selector",
            SelectedKind.Network,
            NetworkId,
            async (p, s) =>
            {
                await p.Client.Networks.RemoveNetworkAsync(new() { Selector = s });
                return p.RemovedNetwork();
            }
        ),
    ];

    public string Of(int index) => Shows(SelectedObjects.All[index]);

    /// <summary>The id of the object itself.</summary>
    public string IdOf(int index) =>
        Kind switch
        {
            SelectedKind.Node => NodeId(SelectedObjects.All[index]),
            SelectedKind.Service => ServiceId(SelectedObjects.All[index]),
            SelectedKind.Network => NetworkId(SelectedObjects.All[index]),
            _ => TaskId(SelectedObjects.All[index]),
        };

    private static string NodeId(SelectedObjects o) => o.NodeId;

    private static string ServiceId(SelectedObjects o) => o.ServiceId;

    private static string TaskId(SelectedObjects o) => o.TaskId;

    private static string NetworkId(SelectedObjects o) => o.NetworkId;

    private static Task<string> TaskAsync(SelectorPlane plane, V1.ListTasksRequest request) =>
        FirstAsync(plane.Client.Tasks.ListTasks(request), static t => t.Id);

    private static async Task<V1.Node> LabelAsync(SelectorPlane plane, string selector, string value) =>
        (await plane.Client.Nodes.UpdateNodeAsync(new() { Selector = selector, LabelsSet = { ["touched"] = value } })).Node;

    /// <summary>The node of the first event. The watch begins at an unknown moment, so the nodes are changed until it reports one.</summary>
    private static async Task<string> WatchAsync(SelectorPlane plane, string selector)
    {
        using var call = plane.Client.Events.WatchEvents(new() { Selectors = { selector }, Kinds = { "node" } });
        var first = Deadline.WaitAsync(call.ResponseStream.MoveNext(TestContext.Current.CancellationToken), "an event of a node");
        for (var i = 0; !first.IsCompleted && i < 1000; i++)
        {
            foreach (var node in SelectedObjects.All)
            {
                await LabelAsync(plane, node.NodeId, $"{selector}{i}");
            }
        }
        return await first ? call.ResponseStream.Current.Id : "";
    }

    private static async Task<string> FirstAsync<T>(AsyncServerStreamingCall<T> call, Func<T, string> show)
    {
        using (call)
        {
            return await Deadline.WaitAsync(call.ResponseStream.MoveNext(TestContext.Current.CancellationToken), $"a {typeof(T).Name}")
                ? show(call.ResponseStream.Current)
                : "";
        }
    }

    /// <summary>The target of a refusal for a reason of its own, which comes after the object is found.</summary>
    private static async Task<string> TargetAsync<T>(string errorId, AsyncUnaryCall<T> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        return refused.Trailers.GetValue("swarm-error-id") == errorId ? refused.Trailers.GetValue("swarm-target")! : throw refused;
    }

    private static V1.ServiceSpec Spec() =>
        new()
        {
            Name = "another",
            Container = new() { Image = "alpine" },
            Replicated = new() { Replicas = 1 },
        };
}
