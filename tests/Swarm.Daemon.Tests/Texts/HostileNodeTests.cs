using System.Text.Json.Nodes;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Validation;
using Swarm.Daemon.Tests.Dispatcher;
using Swarm.Daemon.Tests.Hosting;
using Swarm.DockerSwarm.Specs;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Texts;

/// <summary>Texts that command a terminal, at the boundaries where they come in.</summary>
public sealed class HostileNodeTests
{
    private const string Hostile = "a\e]0;mine\a\nb";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Texts { get; } =
    ["hostname", "address", "os", "architecture", "engine", "executor", "version", "plugin", "label", "label value"];

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task An_agent_that_says_it_of_itself_gets_no_session(string what)
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var call = grpc.Call("n1");
        await call.RequestStream.WriteAsync(new V1.AgentMessage { Register = Register(what) }, Cancel);
        var refused = await TestDaemon.RefusedAsync(
            "InvalidText",
            () => Deadline.WaitAsync(call.ResponseStream.MoveNext(Cancel), "the refusal")
        );
        Assert.True(VisibleText.IsPlain(refused.Status.Detail));
        Assert.Equal(NodeDescription.Unknown.Os, grpc.Manager.Runtime.State.Read(s => s.FindNode("n1")!.Description.Os));
        // The node is not shut out.
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Info is not null);
    }

    [Fact]
    public async Task A_later_description_ends_the_session()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Info is not null);
        await agent.SendAsync(new V1.AgentMessage { Description = Register("hostname").Description });
        await TestDaemon.RefusedAsync("InvalidText", () => agent.ReadUntilAsync(static () => false));
        Assert.Equal("host-n1", grpc.Manager.Runtime.State.Read(s => s.FindNode("n1")!.Name));
    }

    [Fact]
    public async Task The_key_of_a_node_label()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        var request = new V1.UpdateNodeRequest { Selector = "manager1", LabelsSet = { [Hostile] = "b" } };
        await TestDaemon.RefusedAsync(
            "InvalidLabel",
            () => manager.Control.Nodes.UpdateNodeAsync(request, cancellationToken: Cancel).ResponseAsync
        );
    }

    /// <summary>Names with characters that nobody sees are refused. An emoji that is composed of others is shown in other texts.</summary>
    [Theory]
    [InlineData("hostname", "w1\u200B", false)]
    [InlineData("address", "127.0.0.1\u2060", false)]
    [InlineData("plugin", "Network/bridge\uFEFF", false)]
    [InlineData("label", "zone\U000E0041", false)]
    [InlineData("label", "👩\u200D💻", false)]
    [InlineData("label value", "a\u200Db", false)]
    [InlineData("label value", "👩\u200D💻", true)]
    [InlineData("os", "Linux ❤\uFE0F", true)]
    public async Task An_agent_that_says_what_nobody_sees(string what, string text, bool isTaken)
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var call = grpc.Call("n1");
        await call.RequestStream.WriteAsync(new V1.AgentMessage { Register = Register(what, text) }, Cancel);
        var answer = Deadline.WaitAsync(call.ResponseStream.MoveNext(Cancel), "the answer");
        if (isTaken)
        {
            Assert.True(await answer);
        }
        else
        {
            var refused = await TestDaemon.RefusedAsync("InvalidText", () => answer);
            Assert.True(VisibleText.IsPlain(refused.Status.Detail));
        }
    }

    public static TheoryData<string, string> Specs { get; } =
        new()
        {
            { "service label", "InvalidLabel" },
            { "container label", "InvalidLabel" },
            { "sysctl", "InvalidSysctls" },
            { "environment", "InvalidEnvironment" },
            { "network", "InvalidNetwork" },
            { "name", "InvalidName" },
        };

    [Theory]
    [MemberData(nameof(Specs))]
    public void A_name_in_a_spec(string what, string errorId)
    {
        var plain = what == "sysctl" ? "net.core.a" : "a";
        foreach (var hostile in (string[])["\u009b", "\u2028", "\u200B", "\u200D", "\u2066", "\uFEFF", "\u00AD", "\uFE0F", "\U000E0041"])
        {
            var refused = Assert.Throws<SwarmException>(() => Validate(what, plain + hostile));
            Assert.Equal(errorId, refused.ErrorId);
            Assert.True(VisibleText.IsPlain(refused.Message));
        }
        Validate(what, plain);
    }

    private static void Validate(string what, string hostile)
    {
        var map = ValueMap.From([KeyValuePair.Create(hostile, "b")]);
        var container = new ContainerSpec { Image = "redis" };
        var spec = new ServiceSpec
        {
            Name = what == "name" ? hostile : "web",
            Container = what switch
            {
                "container label" => container with { Labels = map },
                "sysctl" => container with { Sysctls = map },
                "environment" => container with { Env = [hostile + "=1"] },
                _ => container,
            },
            Mode = new ServiceMode.Replicated(1),
            Labels = what == "service label" ? map : ValueMap.Empty,
            Networks = what == "network" ? [hostile] : [],
        };
        ServiceSpecValidation.Validate(spec);
    }

    [Fact]
    public void What_dockers_nodes_say_is_shown_with_escapes_and_cut()
    {
        var description = DockerObjects.Description(
            new JsonObject
            {
                ["Hostname"] = Hostile + new string('h', 1000),
                ["Platform"] = new JsonObject { ["OS"] = Hostile },
                ["Engine"] = new JsonObject
                {
                    ["EngineVersion"] = Hostile,
                    ["Labels"] = new JsonObject { [Hostile] = Hostile },
                    ["Plugins"] = new JsonArray(new JsonObject { ["Type"] = "Network", ["Name"] = Hostile }),
                },
            }
        );
        NodeTexts.Validate(description);
        Assert.StartsWith(@"a\e]0;mine\a\nb", description.Hostname, StringComparison.Ordinal);
        Assert.InRange(description.Hostname.Length, 200, 253);
        var status = DockerObjects.Status(new JsonObject { ["Status"] = new JsonObject { ["Addr"] = Hostile } }, DateTimeOffset.UnixEpoch);
        Assert.True(VisibleText.IsPlain(status.Address));
    }

    private static V1.RegisterAgent Register(string what, string text = Hostile)
    {
        string Text(string of, string otherwise) => of == what ? text : otherwise;
        return new V1.RegisterAgent
        {
            Address = Text("address", "127.0.0.1"),
            Description = new V1.NodeDescription
            {
                Hostname = Text("hostname", "w1"),
                Platform = new V1.Platform { Os = Text("os", "linux"), Architecture = Text("architecture", "x86_64") },
                Engine = new V1.EngineDescription
                {
                    Version = Text("engine", "29"),
                    Labels = { [Text("label", "a")] = Text("label value", "b") },
                    Plugins = { Text("plugin", "Network/bridge") },
                },
                Executor = Text("executor", "Simulated"),
                SwarmdVersion = Text("version", "1"),
            },
        };
    }
}
