using System.Globalization;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Swarm.Control.Objects;
using Swarm.Control.State;
using Swarm.Core.Credentials;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Tests.Dispatcher;
using Swarm.Daemon.Tests.DockerSwarm;
using Swarm.Daemon.Tests.Endpoints;
using Swarm.DockerSwarm.Specs;
using TaskStatus = Swarm.Core.Model.TaskStatus;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Selection;

/// <summary>Every selector of the control API, on both planes: the exact id, else the exact name, else the beginning of exactly one id.</summary>
public sealed class SelectorRuleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_selector_of_the_control_api_is_tried()
    {
        var found = ProtoServices.Control.SelectMany(static s => s.Methods).SelectMany(static m => Selectors(m.InputType, m.Name + "."));
        Assert.Equal(
            found.Append("ListCredentials.selectors").Distinct().Order(StringComparer.Ordinal),
            SelectorRow.All.Select(static r => r.Field).Append("ListCredentials.selectors").Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task The_builtin_plane_has_one_rule()
    {
        await using var grpc = await GrpcManager.StartAsync();
        var now = DateTimeOffset.UtcNow;
        // A leader that plans on a half of them would add tasks.
        List<StateChange> changes = [];
        foreach (var o in SelectedObjects.All)
        {
            changes.Add(
                new StateChange.NodeCreate(
                    new Node
                    {
                        Id = o.NodeId,
                        CreatedAt = now,
                        UpdatedAt = now,
                        Description = NodeDescription.Unknown with { Hostname = o.NodeName },
                        Spec = NodeSpec.Default with { Labels = ValueMap.Empty.With("service", o.ServiceId) },
                        Status = new NodeStatus { State = NodeState.Ready },
                    }
                )
            );
            changes.Add(
                new StateChange.ServiceCreate(
                    new Service
                    {
                        Id = o.ServiceId,
                        CreatedAt = now,
                        UpdatedAt = now,
                        Revision = 1,
                        Spec = new ServiceSpec
                        {
                            Name = o.ServiceName,
                            Container = new ContainerSpec { Image = "alpine" },
                            Mode = new ServiceMode.Replicated(1),
                            Placement = new Placement { Constraints = ["node.labels.service==" + o.ServiceId] },
                        },
                    },
                    null
                )
            );
            changes.Add(
                new StateChange.TaskCreate(
                    new SwarmTask
                    {
                        Id = o.TaskId,
                        ServiceId = o.ServiceId,
                        Revision = 1,
                        Slot = 1,
                        NodeId = o.NodeId,
                        DesiredState = TaskState.Running,
                        Status = new TaskStatus { State = TaskState.Running, Timestamp = now },
                        CreatedAt = now,
                    }
                )
            );
        }
        await grpc.Manager.Runtime.ExecuteAsync("", _ => new CommandChanges(changes, ""), static (_, _) => true, Cancel);
        await TryAllAsync(
            new SelectorPlane(
                grpc.Control,
                async selector =>
                {
                    // The area of the daemon asks its manager in this way, and then the node.
                    return (await grpc.Manager.Runtime.FindNodeAsync(selector, Cancel)).Name;
                },
                static () => ""
            ),
            static e => e is "NotHere" or "Unimplemented"
        );
    }

    [Fact]
    public async Task The_docker_plane_has_one_rule()
    {
        await using var engine = await FakeEngine.StartAsync();
        var nodes = new FakeObjects(engine, "/nodes");
        nodes.Add("n1", FakeEngine.Node);
        var services = new FakeObjects(engine, "/services");
        List<string> tasks = [];
        List<string> networks = [];
        foreach (var o in SelectedObjects.All)
        {
            nodes.Add(
                o.NodeId,
                FakeEngine
                    .Node.Replace("\"manager1\"", $"\"{o.NodeName}\"", StringComparison.Ordinal)
                    .Replace("\"manager\"", "\"worker\"", StringComparison.Ordinal)
                    .Replace("\"Labels\":{}", $"\"Labels\":{{\"service\":\"{o.ServiceId}\"}}", StringComparison.Ordinal)
            );
            services.Add(
                o.ServiceId,
                $$$$"""
                {"CreatedAt":"2026-11-24T10:41:21Z","UpdatedAt":"2026-11-24T10:41:21Z",
                "Spec":{"Name":"{{{{o.ServiceName}}}}","TaskTemplate":{"ContainerSpec":{"Image":"alpine"},
                "Placement":{"Constraints":["node.labels.service=={{{{o.ServiceId}}}}"]} },"Mode":{"Replicated":{"Replicas":1} } } }
                """
            );
            tasks.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $$$$"""
                    {"ID":"{{{{o.TaskId}}}}","Version":{"Index":{{{{30
                        + tasks.Count}}}}},"CreatedAt":"2026-11-24T10:41:22Z","UpdatedAt":"2026-11-24T10:41:22Z",
                    "Spec":{"ContainerSpec":{"Image":"alpine"},"Placement":{"Constraints":["node.labels.service=={{{{o.ServiceId}}}}"]} },"ServiceID":"{{{{o.ServiceId}}}}","Slot":1,"NodeID":"{{{{o.NodeId}}}}",
                    "Status":{"Timestamp":"2026-11-24T10:41:22Z","State":"running"},"DesiredState":"running"}
                    """
                )
            );
            networks.Add($$"""{"Id":"{{o.NetworkId}}","Name":"{{o.NetworkName}}","Scope":"swarm","Driver":"overlay"}""");
            engine.Answer("/networks/" + o.NetworkId, "{}");
        }
        engine.Answer("/tasks", $"[{string.Join(',', tasks)}]");
        engine.Answer("/networks", $"[{string.Join(',', networks)}]");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        await TryAllAsync(
            new SelectorPlane(
                plane.Client,
                async selector =>
                {
                    var refused = await Assert.ThrowsAsync<RpcException>(() =>
                        plane
                            .Client.Daemon.RunHostCommandAsync(
                                new()
                                {
                                    Selector = selector,
                                    Command = new() { Check = new() },
                                },
                                cancellationToken: Cancel
                            )
                            .ResponseAsync
                    );
                    return refused.Trailers.GetValue("swarm-error-id") == "NodeNotConnected"
                        ? refused.Trailers.GetValue("swarm-target")!
                        : throw refused;
                },
                () =>
                    engine.Writes.Last(static w => w.Call.StartsWith("DELETE ", StringComparison.Ordinal)).Call[
                        "DELETE /networks/".Length..
                    ]
            ),
            static e => e == "NotSupportedByControlPlane"
        );
    }

    [Fact]
    public void A_network_of_a_spec_is_meant_by_the_same_rule()
    {
        var names = new NetworkNames(SelectedObjects.All.ToDictionary(static o => o.NetworkId, static o => o.NetworkName));
        foreach (var (selector, expected) in SelectedObjects.Cases(SelectedKind.Network).Where(static c => c.Expected is [_]))
        {
            var spec = new V1.ServiceSpec { Networks = { selector } };
            names.ToIds(spec);
            Assert.Equal(SelectedObjects.All[expected[0]].NetworkId, Assert.Single(spec.Networks));
        }
        Assert.Equal(
            "network wtw is ambiguous: wtwo1 (wc), wtwo2 (otherw)",
            Assert.Throws<SwarmException>(() => names.IdOf("wtw")).Message
        );
    }

    [Fact]
    public void An_error_names_ten_candidates_at_most()
    {
        var ids = Enumerable.Range(10, 13).Select(static i => $"w{i}").ToDictionary(static id => id, static _ => "");
        Assert.Equal(
            "network w is ambiguous: w10, w11, w12, w13, w14, w15, w16, w17, w18, w19 and 3 more",
            Assert.Throws<SwarmException>(() => new NetworkNames(ids).IdOf("w")).Message
        );
    }

    /// <summary>Two objects of a name exist where Docker names them: nodes by their hosts, and networks that were made in a race.</summary>
    [Fact]
    public void Two_objects_of_a_name_are_told_by_their_ids()
    {
        var ids = new Dictionary<string, string>
        {
            ["w1"] = "net",
            ["w2"] = "net",
            ["net3"] = "other",
        };
        var e = Assert.Throws<SwarmException>(() => new NetworkNames(ids).IdOf("net"));
        Assert.Equal(("AmbiguousSelector", "network net is ambiguous: w1 (net), w2 (net)"), (e.ErrorId, e.Message));
    }

    [Fact]
    public void A_certificate_has_a_serial_number_in_place_of_an_id_and_a_name_means_all_of_that_name()
    {
        var known = new CredentialSet([Issued("4AB1", "alice"), Issued("4AB2", "alice"), Issued("4B01", "4A"), Issued("77FF", "4B01")], []);
        string Selected(params string[] selectors) =>
            string.Join(
                ' ',
                CredentialMapping
                    .Select(known, new V1.ListCredentialsRequest { Selectors = { selectors } })
                    .Select(static c => c.SerialNumber)
            );
        Assert.Equal("4AB1 4AB2 4B01 77FF", Selected());
        Assert.Equal("4AB1 4AB2", Selected("alice"));
        Assert.Equal("4B01", Selected("4A"));
        Assert.Equal("4B01", Selected("4B01"));
        Assert.Equal("4AB2", Selected("4ab2", "4AB2"));
        Assert.Equal("77FF", Selected("7"));
        Assert.Equal("CredentialNotFound", Assert.Throws<SwarmException>(() => Selected("nobody")).ErrorId);
        Assert.Equal(
            "certificate 4ab is ambiguous: 4AB1 (alice), 4AB2 (alice)",
            Assert.Throws<SwarmException>(() => Selected("4ab")).Message
        );
    }

    private static IssuedCredential Issued(string serial, string name) =>
        new()
        {
            SerialNumber = serial,
            Name = name,
            IssuedAt = DateTimeOffset.UnixEpoch,
            ExpiresAt = DateTimeOffset.UnixEpoch,
        };

    /// <summary>The fields of a request that name objects.</summary>
    private static IEnumerable<string> Selectors(MessageDescriptor message, string path) =>
        message
            .Fields.InDeclarationOrder()
            .Where(static f => !f.IsMap)
            .SelectMany(f =>
                f.FieldType == FieldType.Message ? Selectors(f.MessageType, $"{path}{f.Name}.")
                : f.FieldType != FieldType.String ? []
                : f.Name is "selector" or "selectors" or "task_or_service" ? [path + f.Name]
                : message.Name == "ListTasksRequest" && f.IsRepeated ? [path + f.Name]
                : (string[])[]
            );

    private static async Task TryAllAsync(SelectorPlane plane, Func<string, bool> isAbsent)
    {
        List<string> wrong = [];
        List<string> tried = [];
        foreach (var row in SelectorRow.All)
        {
            foreach (var (selector, expected) in SelectedObjects.Cases(row.Kind))
            {
                var answer = await AnswerAsync(row, plane, selector);
                if (isAbsent(answer.Split(':')[0]))
                {
                    break;
                }
                tried.Add(row.Field);
                var wanted = expected is [var one] ? row.Of(one) : "AmbiguousSelector: ";
                // An error names the candidates by their ids.
                var right = expected is [_]
                    ? answer == wanted
                    : answer.StartsWith(wanted, StringComparison.Ordinal) && expected.All(e => answer.Contains(row.IdOf(e)));
                if (!right)
                {
                    wrong.Add($"{row.Field} {selector}: '{answer}' in place of '{wanted}'");
                }
            }
        }
        Assert.Empty(wrong);
        // A plane that refuses everything would pass.
        string[] both = ["ListNodes.selectors", "ListServices.selectors", "ListTasks.task_or_service", "WatchEvents.selectors"];
        Assert.Empty(both.Except(tried));
    }

    private static async Task<string> AnswerAsync(SelectorRow row, SelectorPlane plane, string selector)
    {
        try
        {
            return await row.Call(plane, selector);
        }
        catch (RpcException e)
        {
            return $"{e.Trailers.GetValue("swarm-error-id") ?? e.StatusCode.ToString()}: {e.Status.Detail}";
        }
        catch (SwarmException e)
        {
            return $"{e.ErrorId}: {e.Message}";
        }
    }
}
