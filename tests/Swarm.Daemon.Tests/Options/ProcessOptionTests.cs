using System.Text.Json;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Process;
using Swarm.Core.Model;

namespace Swarm.Daemon.Tests.Options;

/// <summary>The process executor honours an option of a container or refuses it by name; it passes none over.</summary>
public sealed class ProcessOptionTests
{
    private static readonly ContainerSpec Plain = new() { Image = "web:1", Command = ["true"] };

    /// <summary>Values that a machine takes; the other properties get values made from their types.</summary>
    private static readonly Dictionary<string, ContainerSpec> Valid = new()
    {
        [nameof(ContainerSpec.Image)] = Plain with { Image = "web:2" },
        [nameof(ContainerSpec.Env)] = Plain with { Env = ["A=1"] },
        [nameof(ContainerSpec.Dir)] = Plain with { Dir = "/" },
        [nameof(ContainerSpec.User)] = Plain with { User = "nobody" },
        [nameof(ContainerSpec.Groups)] = Plain with { Groups = ["daemon"] },
        [nameof(ContainerSpec.StopSignal)] = Plain with { StopSignal = "SIGINT" },
        [nameof(ContainerSpec.HealthCheck)] = Plain with { HealthCheck = new HealthCheck { Test = ["CMD", "true"] } },
    };

    public static TheoryData<string> Properties => [.. typeof(ContainerSpec).GetProperties().Where(p => p.CanWrite).Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Properties))]
    public void An_option_is_honoured_or_refused_by_its_name(string property)
    {
        var wanted = Valid.GetValueOrDefault(property) ?? With(property);
        Assert.NotEqual(Plain, wanted);
        try
        {
            Assert.True(Record(wanted) != Record(Plain), $"{property} changes nothing of what is started, and is not refused.");
        }
        catch (TaskRejectedException e)
        {
            Assert.Equal("NotSupportedByExecutor", e.ErrorId);
            Assert.Contains(property, e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Mounts")]
    [InlineData("CapabilityAdd")]
    [InlineData("CapabilityDrop")]
    [InlineData("ReadOnly")]
    [InlineData("Init")]
    [InlineData("Tty")]
    public void What_a_host_process_cannot_have_is_refused(string property) =>
        Assert.Equal("NotSupportedByExecutor", Assert.Throws<TaskRejectedException>(() => Record(With(property))).ErrorId);

    [Theory]
    [MemberData(nameof(HealthProperties))]
    public void A_part_of_a_health_check_is_honoured(string property)
    {
        var check = new HealthCheck { Test = ["CMD", "true"] };
        var other = check with { };
        typeof(HealthCheck)
            .GetProperty(property)!
            .SetValue(
                other,
                property == "Test"
                    ? (ValueList<string>)["CMD", "false"]
                    : SpecValues.Make(typeof(HealthCheck).GetProperty(property)!.PropertyType)
            );
        Assert.True(Record(Plain with { HealthCheck = check }) != Record(Plain with { HealthCheck = other }), property);
    }

    public static TheoryData<string> HealthProperties =>
        [.. typeof(HealthCheck).GetProperties().Where(p => p.CanWrite).Select(p => p.Name)];

    private static ContainerSpec With(string property)
    {
        var info = typeof(ContainerSpec).GetProperty(property)!;
        var spec = Plain with { };
        info.SetValue(spec, info.GetValue(SpecValues.Full.Container));
        return spec;
    }

    private static string Record(ContainerSpec container)
    {
        var task = Executors.TaskDefinitions.Make(container) with { TaskId = "t", ServiceId = "s", ContainerName = "c" };
        var image = new ProcessImage("/images/web/1", "sha256:0", new ImageManifest());
        return JsonSerializer.Serialize(TaskRecordBuilder.Build(task, image, Node, "/tasks/t", "", DateTimeOffset.UnixEpoch));
    }

    private static readonly ExecutorNode Node = new()
    {
        ClusterId = "cluster",
        NodeId = "node",
        Hostname = "host",
    };
}
