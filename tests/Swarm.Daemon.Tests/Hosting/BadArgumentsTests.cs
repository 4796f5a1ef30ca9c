using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Daemon.Tests.Agent;
using Swarm.Daemon.Tests.Manager;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Mistakes of a user, sent to the API itself, because the cmdlets are not its only callers. Each is refused with an id of its
/// own, its object and
/// the next step, and changes nothing. The local socket and the cluster port behave alike.</summary>
public sealed class BadArgumentsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private sealed record Case(string What, string ErrorId, string Says, Func<V1.ControlClient, Task> Call);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_is_refused_with_its_id_and_what_to_do_and_changes_nothing(bool local)
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await manager.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 2), cancellationToken: Cancel);
        var global = ApiRequests.Spec("everywhere");
        global.Global = new V1.GlobalMode();
        await manager.Control.Services.CreateServiceAsync(new() { Spec = global }, cancellationToken: Cancel);
        using var certificate = manager.Issue("tester", CertificateRole.Admin);
        using var channel = local ? ScriptedDispatcher.Connect(manager.Options.Socket) : manager.Connect(certificate);
        var control = new V1.ControlClient(channel);
        var before = await SeenAsync(control);
        var wrong = new List<string>();
        foreach (var (what, errorId, says, call) in BadSpecs().Concat(BadSelectors()).Concat(Others()))
        {
            var e = await Record.ExceptionAsync(() => call(control)) as RpcException;
            var id = e?.Trailers.GetValue("swarm-error-id");
            if (
                e is null
                || id != errorId
                || !e.Status.Detail.Contains(says, StringComparison.Ordinal)
                || e.Trailers.GetValueBytes("swarm-action-bin") is not { Length: > 0 }
            )
            {
                wrong.Add($"{what}: {errorId} with '{says}' and an action expected, not {id} {e?.Status}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(before, await SeenAsync(control));
    }

    private static IEnumerable<Case> BadSpecs()
    {
        return
        [
            Spec("a name that is taken", "NameConflict", "web", s => s.Name = "web"),
            Spec("a name that is none", "InvalidName", "-no-", s => s.Name = "-no-"),
            Spec("a name of two parts", "InvalidName", "DNS", s => s.Name = "web.v1"),
            Spec("no name", "InvalidName", "name", s => s.Name = ""),
            Spec("a name of 64 characters", "InvalidName", "63", s => s.Name = new string('a', 64)),
            Spec("an image that is none", "InvalidImage", "Not An Image", s => s.Container.Image = "Not An Image"),
            Spec("no image", "InvalidImage", "image", s => s.Container.Image = ""),
            Spec("a constraint that is none, with its position", "InvalidConstraint", "column 17", Constraint("node.labels.zone=east")),
            Spec("an address in octal", "InvalidConstraint", "no leading zeros", Constraint("node.ip==010.0.0.1")),
            Spec("a constraint of nothing", "InvalidConstraint", "column 1", Constraint("")),
            Spec(
                "a preference that is none",
                "InvalidPlacementPreference",
                "binpack",
                s => s.Placement = new() { SpreadPreferences = { "binpack" } }
            ),
            Spec("a negative duration", "InvalidDuration", "negative", Delay(new Duration { Seconds = -1 })),
            Spec("a duration of a thousand years", "InvalidDuration", "100 years", Delay(new Duration { Seconds = 31_556_952_000 })),
            Spec("a duration that is none", "InvalidValue", "not a duration", Delay(new Duration { Seconds = 1, Nanos = -1 })),
            Spec("a size that is negative", "InvalidMemory", "", Memory(-1)),
            Spec("a size that no engine takes", "InvalidMemory", "", Memory(1)),
            Spec("CPUs that are negative", "InvalidCpus", "", s => s.Resources = new() { Limits = new() { NanoCpus = -1 } }),
            Spec("replicas beyond all bounds", "InvalidReplicas", "18446744073709551615", s => s.Replicated.Replicas = ulong.MaxValue),
            Spec(
                "more reserved than allowed",
                "ReservationExceedsLimit",
                "",
                s =>
                    s.Resources = new()
                    {
                        Limits = new() { MemoryBytes = 8 << 20 },
                        Reservations = new() { MemoryBytes = 16 << 20 },
                    }
            ),
            Spec(
                "the most replicas of a global service",
                "MaxReplicasOfGlobalService",
                "",
                s =>
                {
                    s.Global = new();
                    s.Placement = new() { MaxReplicasPerNode = 1 };
                }
            ),
            Spec(
                "a rollback that rolls back",
                "InvalidFailureAction",
                "",
                s => s.Rollback = new() { FailureAction = V1.FailureAction.Rollback }
            ),
            Spec("a ratio that is none", "InvalidFailureRatio", "", s => s.Update = new() { MaxFailureRatio = double.NaN }),
            Spec("a template with a value that is none", "InvalidTemplate", "column 3", s => s.Container.Hostname = "{{.Nope}}"),
            Spec("a template that does not end", "InvalidTemplate", "column 2", s => s.Container.Env.Add("A=a{{")),
            Spec("a variable that is none", "InvalidEnvironment", "", s => s.Container.Env.Add("=x")),
            Spec(
                "a mount to nowhere",
                "InvalidMountTarget",
                "data",
                s => s.Container.Mounts.Add(new V1.Mount { Type = V1.MountType.Volume, Target = "data" })
            ),
            new("no spec", "MissingSpec", "", c => c.Services.CreateServiceAsync(new(), cancellationToken: Cancel).ResponseAsync),
        ];

        static Action<V1.ServiceSpec> Constraint(string expression) => s => s.Placement = new() { Constraints = { expression } };
        static Action<V1.ServiceSpec> Delay(Duration delay) => s => s.Update = new() { Delay = delay };
        static Action<V1.ServiceSpec> Memory(long bytes) => s => s.Resources = new() { Limits = new() { MemoryBytes = bytes } };
    }

    private static Case Spec(string what, string errorId, string says, Action<V1.ServiceSpec> spoil)
    {
        var spec = ApiRequests.Spec("new");
        spoil(spec);
        return new(
            what,
            errorId,
            says,
            c => c.Services.CreateServiceAsync(new() { Spec = spec, NoResolveImage = true }, cancellationToken: Cancel).ResponseAsync
        );
    }

    private static IEnumerable<Case> BadSelectors()
    {
        const string Nobody = "nobody";
        Case Service(string what, Func<V1.ControlClient, Task> call) => new(what, "ServiceNotFound", Nobody, call);
        Case Node(string what, Func<V1.ControlClient, Task> call) => new(what, "NodeNotFound", Nobody, call);
        return
        [
            Service("shown", c => AllAsync(c.Services.ListServices(new() { Selectors = { Nobody } }, cancellationToken: Cancel))),
            Service(
                "updated",
                c =>
                    c.Services.UpdateServiceAsync(
                        new() { Selector = Nobody, Spec = ApiRequests.Spec(Nobody) },
                        cancellationToken: Cancel
                    ).ResponseAsync
            ),
            Service("scaled", c => ScaleAsync(c, Nobody, 2)),
            Service(
                "rolled back",
                c => c.Services.RollbackServiceAsync(new() { Selector = Nobody }, cancellationToken: Cancel).ResponseAsync
            ),
            Service("removed", c => c.Services.RemoveServiceAsync(new() { Selector = Nobody }, cancellationToken: Cancel).ResponseAsync),
            Service(
                "revisions of",
                c => AllAsync(c.Services.ListServiceRevisions(new() { Selectors = { Nobody } }, cancellationToken: Cancel))
            ),
            Service("waited for", c => AllAsync(c.Services.WaitServices(new() { Selectors = { Nobody } }, cancellationToken: Cancel))),
            Service("tasks of", c => AllAsync(c.Tasks.ListTasks(new() { Services = { Nobody } }, cancellationToken: Cancel))),
            Service("placed", c => AllAsync(c.Tasks.TestPlacement(new() { Selector = Nobody }, cancellationToken: Cancel))),
            Node("shown", c => AllAsync(c.Nodes.ListNodes(new() { Selectors = { Nobody } }, cancellationToken: Cancel))),
            Node("changed", c => c.Nodes.UpdateNodeAsync(new() { Selector = Nobody }, cancellationToken: Cancel).ResponseAsync),
            Node("removed", c => c.Nodes.RemoveNodeAsync(new() { Selector = Nobody }, cancellationToken: Cancel).ResponseAsync),
            Node("waited for", c => AllAsync(c.Nodes.WaitNode(new() { Selector = Nobody }, cancellationToken: Cancel))),
            Node("tasks of", c => AllAsync(c.Tasks.ListTasks(new() { Nodes = { Nobody } }, cancellationToken: Cancel))),
            new(
                "task shown",
                "TaskNotFound",
                Nobody,
                c => AllAsync(c.Tasks.ListTasks(new() { Selectors = { Nobody } }, cancellationToken: Cancel))
            ),
            new(
                "task waited for",
                "TaskNotFound",
                Nobody,
                c => AllAsync(c.Tasks.WaitTask(new() { TaskId = Nobody }, cancellationToken: Cancel))
            ),
            new(
                "task stopped",
                "TaskNotFound",
                Nobody,
                c => c.Tasks.StopTaskAsync(new() { Selector = Nobody }, cancellationToken: Cancel).ResponseAsync
            ),
        ];
    }

    private static IEnumerable<Case> Others() =>
        [
            new("negative replicas", "InvalidReplicas", "-1", c => ScaleAsync(c, "web", -1)),
            new("a global service scaled", "NotReplicated", "everywhere", c => ScaleAsync(c, "everywhere", 2)),
            new(
                "another name",
                "NameCannotChange",
                "web",
                c =>
                    c.Services.UpdateServiceAsync(
                        new()
                        {
                            Selector = "web",
                            Spec = ApiRequests.Spec("other"),
                            NoResolveImage = true,
                        },
                        cancellationToken: Cancel
                    ).ResponseAsync
            ),
            new(
                "another mode",
                "ModeCannotChange",
                "web",
                c =>
                {
                    var spec = ApiRequests.Spec("web");
                    spec.Global = new();
                    return c
                        .Services.UpdateServiceAsync(
                            new()
                            {
                                Selector = "web",
                                Spec = spec,
                                NoResolveImage = true,
                            },
                            cancellationToken: Cancel
                        )
                        .ResponseAsync;
                }
            ),
            new(
                "a revision that is not kept",
                "RevisionNotFound",
                "9",
                c => c.Services.RollbackServiceAsync(new() { Selector = "web", ToRevision = 9 }, cancellationToken: Cancel).ResponseAsync
            ),
            new(
                "no revision before",
                "NoPreviousRevision",
                "web",
                c => c.Services.RollbackServiceAsync(new() { Selector = "web" }, cancellationToken: Cancel).ResponseAsync
            ),
            new(
                "a setting out of bounds",
                "InvalidSetting",
                "heartbeat",
                c =>
                    c.Clusters.UpdateClusterAsync(
                        new() { Settings = new() { HeartbeatPeriod = Duration.FromTimeSpan(TimeSpan.FromDays(1)) } },
                        cancellationToken: Cancel
                    ).ResponseAsync
            ),
            new(
                "the last manager made a worker",
                "LastManager",
                "",
                c =>
                    c.Nodes.UpdateNodeAsync(
                        new() { Selector = "manager1", Role = V1.NodeRole.Worker },
                        cancellationToken: Cancel
                    ).ResponseAsync
            ),
            new(
                "the last manager removed",
                "NodeIsManager",
                "",
                c => c.Nodes.RemoveNodeAsync(new() { Selector = "manager1", Force = true }, cancellationToken: Cancel).ResponseAsync
            ),
        ];

    private static Task ScaleAsync(V1.ControlClient control, string service, long replicas) =>
        control
            .Services.ScaleServicesAsync(
                new()
                {
                    Services =
                    {
                        new V1.ServiceScale { Selector = service, Replicas = replicas },
                    },
                },
                cancellationToken: Cancel
            )
            .ResponseAsync;

    /// <summary>The whole state that a request could have changed.</summary>
    private static async Task<string> SeenAsync(V1.ControlClient control)
    {
        var services = await AllAsync(control.Services.ListServices(new(), cancellationToken: Cancel));
        var nodes = await AllAsync(control.Nodes.ListNodes(new(), cancellationToken: Cancel));
        var cluster = await control.Clusters.GetClusterAsync(new(), cancellationToken: Cancel);
        return string.Join(
            '\n',
            services
                .Select(static s => $"{s.Id} {s.Version} {s.Spec}")
                .Concat(nodes.Select(static n => $"{n.Id} {n.Role} {n.Availability} {n.Labels}"))
                .Append($"{cluster.TaskHistoryLimit} {cluster.SnapshotInterval} {cluster.HeartbeatPeriod} {cluster.CertificateExpiry}")
        );
    }

    private static async Task<List<T>> AllAsync<T>(AsyncServerStreamingCall<T> call)
        where T : IMessage<T>
    {
        using (call)
        {
            return await Deadline.WaitAsync(call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel), "the end of a list");
        }
    }
}
