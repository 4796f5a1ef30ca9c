using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Docker;
using Swarm.Consensus.Serialization;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.DockerSwarm.Specs;
using Swarm.Wire.Mapping;

namespace Swarm.Daemon.Tests.Options;

/// <summary>Follows every property of a service's spec: over the wire, into the state's JSON, into Docker's JSON and back. It follows it into the container and into
/// the changes of a revision too. A forgotten property fails by its name.</summary>
public sealed partial class SpecFlowTests
{
    /// <summary>Properties that a container does not carry, with the reason.</summary>
    private static readonly Dictionary<string, string> NotOfAContainer = new()
    {
        ["Name"] = "in the container's name and labels, which are the task's",
        ["Labels"] = "the service's own; placeholders read them",
        ["Mode"] = "the manager's",
        ["Container.StopGracePeriod"] = "given with the call that stops the container",
        ["Resources.Reservations.NanoCpus"] = "the scheduler's",
        ["Resources.Reservations.MemoryBytes"] = "the scheduler's",
        ["Restart.Condition"] = "the manager's",
        ["Restart.Delay"] = "the manager's",
        ["Restart.MaxAttempts"] = "the manager's",
        ["Restart.Window"] = "the manager's",
        ["Placement.Constraints"] = "the scheduler's",
        ["Placement.SpreadPreferences"] = "the scheduler's",
        ["Placement.MaxReplicasPerNode"] = "the scheduler's",
        ["Placement.Platforms"] = "the scheduler's",
        ["Update.*"] = "the manager's",
        ["Rollback.*"] = "the manager's",
        ["ForceUpdate"] = "the manager's",
        ["Networks"] = "refused by the built-in control plane; the engine's own swarm does the rest",
        ["Ports"] = "refused by the built-in control plane; the engine's own swarm does the rest",
        ["Ports[].*"] = "as Ports",
    };

    private static readonly ExecutorNode Node = new()
    {
        ClusterId = "cluster",
        NodeId = "node",
        Hostname = "host",
    };

    [Fact]
    public void The_values_differ_from_the_defaults_and_from_each_other()
    {
        Assert.True(SpecValues.EachChanged(SpecValues.Full).Count() > 60);
        Assert.All(SpecValues.EachChanged(SpecValues.Full), c => Assert.True(c.Value != SpecValues.Full, c.Path));
        var texts = SpecProperties.Of(SpecValues.Full).Select(p => p.Value).OfType<string>().ToList();
        Assert.Equal(texts.Count, texts.Distinct().Count());
    }

    [Fact]
    public void Every_property_survives_the_wire() =>
        Assert.All(Changes(), c => Assert.True(ProtocolMapping.FromWire(ProtocolMapping.ToWire(c.Spec)) == c.Spec, c.Path));

    [Fact]
    public void Every_property_survives_the_states_JSON() =>
        Assert.All(
            Changes(),
            c =>
            {
                StateChange change = new StateChange.ServiceSpecSet("s", c.Spec, 2, null, null, DateTimeOffset.UnixEpoch);
                var read = StateSerializer.DeserializeBatch(StateSerializer.SerializeBatch([change]), "test");
                Assert.True(Assert.Single(read) == change, c.Path);
            }
        );

    [Fact]
    public void Every_property_survives_Dockers_JSON() =>
        Assert.All(
            // Docker has options of one type of mount in a place of that type: there is none for those of another.
            Changes().Where(c => !MountOption().IsMatch(c.Path) || IsOfItsType(c.Spec)),
            c => Assert.True(DockerServiceSpec.Read(Reread(DockerServiceSpec.New(c.Spec))) == c.Spec, c.Path)
        );

    [Fact]
    public void Every_change_of_a_property_is_written_into_Dockers_JSON() =>
        Assert.All(
            Changes().Where(c => c.Path is not ("all" or "Mode" or "Name") && (!MountOption().IsMatch(c.Path) || IsOfItsType(c.Spec))),
            c =>
            {
                var raw = Reread(DockerServiceSpec.New(SpecValues.Full));
                DockerServiceSpec.Change(raw, SpecValues.Full, c.Spec);
                Assert.True(DockerServiceSpec.Read(Reread(raw)) == c.Spec, c.Path);
            }
        );

    [Fact]
    public void Every_property_is_in_the_container_or_has_a_reason_not_to_be()
    {
        var full = Container(SpecValues.Full);
        var silent = Changes()
            .Where(c => c.Path != "all")
            .GroupBy(c => Kind(c.Path))
            .Where(g => g.All(c => Container(c.Spec) == full))
            .Select(g => g.Key);
        Assert.Equal(
            NotOfAContainer.Keys.Order(StringComparer.Ordinal),
            silent
                .Select(p =>
                    NotOfAContainer.Keys.FirstOrDefault(k =>
                        k.EndsWith(".*", StringComparison.Ordinal) && p.StartsWith(k[..^1], StringComparison.Ordinal)
                    ) ?? p
                )
                .Distinct()
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_change_of_a_property_shows_in_a_revision()
    {
        Assert.Empty(SpecProperties.Compare(SpecValues.Full, SpecValues.Full));
        Assert.All(
            Changes().Where(c => c.Path != "all"),
            c =>
            {
                var lines = SpecProperties.Compare(SpecValues.Full, c.Spec);
                var named = c.Path.Split('[')[0].Replace("NanoCpus", "Cpus", StringComparison.Ordinal);
                Assert.True(
                    lines.Count > 0 && lines[^1].StartsWith(named == "Mode" ? lines[^1] : named + ": ", StringComparison.Ordinal),
                    c.Path
                );
            }
        );
    }

    private static IEnumerable<(string Path, ServiceSpec Spec)> Changes() =>
        SpecValues.EachChanged(SpecValues.Full).Prepend(("all", SpecValues.Full));

    /// <summary>The path without the place in a list.</summary>
    private static string Kind(string path) => Place().Replace(path, "[]");

    private static string Container(ServiceSpec spec)
    {
        var task = Executors.TaskDefinitions.Make(spec.Container) with { TaskId = "t", ServiceId = "s", ContainerName = "c", Spec = spec };
        return JsonSerializer.Serialize(ContainerParameters.From(task, Node));
    }

    private static bool IsOfItsType(ServiceSpec spec) =>
        spec.Container.Mounts.All(m =>
            (m.Type == MountType.Tmpfs || (m.TmpfsSizeBytes == 0 && m.TmpfsMode == 0))
            && (m.Type == MountType.Volume || (m.VolumeDriver.Length == 0 && m.VolumeLabels.Count == 0))
        );

    /// <summary>As the engine's answer comes: text, read again.</summary>
    private static JsonObject Reread(JsonNode node) => (JsonObject)JsonNode.Parse(node.ToJsonString())!;

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex Place();

    [GeneratedRegex(@"Mounts\[\d+\]")]
    private static partial Regex MountOption();
}
