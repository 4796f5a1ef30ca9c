using Google.Protobuf.WellKnownTypes;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Options;

/// <summary>-WhatIf speaks of parameters, and not of the protocol's fields.</summary>
public sealed class SpecWordsTests
{
    [Theory]
    [InlineData("-Image web:2", "image redis:3.0.6 → web:2")]
    [InlineData("-Image redis:3.0.6", "image redis:3.0.6, by another digest")]
    [InlineData("-Replicas 3 -UpdateDelay 10s", "replicas 1 → 3, update delay (none) → 10s")]
    [InlineData("-LimitMemory 128MB -LimitCpu 0.5", "limit cpu (none) → 0.5, limit memory (none) → 128 MiB")]
    [InlineData("-Env A=2,C=3 -RemoveEnv B", "env +C ~A -B")]
    [InlineData("-Label @{ tier = 'db'; new = 1 }", "label +new=1 ~tier=db")]
    [InlineData("-Constraint node.role==worker", "constraint +node.role==worker")]
    [InlineData("-Mount data:/data -Publish 8080:80", "mount +/data, publish +8080:80/tcp")]
    [InlineData("-HealthCommand 'a b' -HealthRetries 3", "health command (none) → CMD-SHELL 'a b', health retries (none) → 3")]
    [InlineData("-UpdateFailureAction Rollback -ReadOnly", "read only off → on, update failure action pause → rollback")]
    [InlineData("-Command sleep,5", "command (none) → sleep 5")]
    [InlineData("-ForceUpdate", "force update")]
    public async ValueTask A_change_is_told_in_the_words_of_the_parameters(string parameters, string words)
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web");
        web.Spec.Container.Env.Add(["A=1", "B=2"]);
        web.Spec.Labels.Add("tier", "web");
        shell.Run($"Set-SwarmService web {parameters} -WhatIf").ThrowIfFailed();
        Assert.Contains($"\"Update {words}\" on target \"web\"", shell.Screen, StringComparison.Ordinal);
    }

    /// <summary>A field that gets a parameter later is told as well.</summary>
    [Fact]
    public void Every_parameter_that_sets_a_field_is_told_by_its_words()
    {
        foreach (var option in ServiceOption.All.Values.Where(o => o is { Field: not null, Use: not SpecFieldUse.Remove }))
        {
            var before = ServiceSpecDefaults.New("web", global: false);
            var after = before.Clone();
            Change(option.Field!, after);
            Assert.False(before.Equals(after), option.Name);
            var told = Assert.Single(SpecWords.Changes(before, after));
            Assert.StartsWith(ParameterWords.Of(option.Name) + " ", told, StringComparison.Ordinal);
            Assert.DoesNotContain(option.Field!.Path, told, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("container.image", "-Image")]
    [InlineData("container.stopGracePeriod", "-StopGracePeriod")]
    [InlineData("resources.limits.nanoCpus", "-LimitCpu")]
    [InlineData("labels.tier", "-Label")]
    [InlineData("replicated.replicas", "-Replicas")]
    [InlineData("container.healthCheck.test", "-HealthCommand")]
    [InlineData("nothing.of.ours", "nothing.of.ours")]
    public void A_property_of_a_spec_is_called_by_its_parameter(string property, string parameter) =>
        Assert.Equal(parameter, SpecWords.Parameter(property));

    [Fact]
    public async ValueTask The_swarms_settings_are_told_in_words_too()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("Set-Swarm -TaskHistoryLimit 7 -HeartbeatPeriod 2s -AutoLock:$false -WhatIf").ThrowIfFailed();
        Assert.Contains(
            "\"Change task history limit to 7, heartbeat period to 2s, auto lock to off\"",
            shell.Screen,
            StringComparison.Ordinal
        );
    }

    private static void Change(SpecField field, V1.ServiceSpec spec)
    {
        switch (field.Descriptor)
        {
            case { IsMap: true }:
                ((Google.Protobuf.Collections.MapField<string, string>)field.Open(spec))["a"] = "1";
                break;
            case { IsRepeated: true, FieldType: Google.Protobuf.Reflection.FieldType.Message } list:
                var item = list.MessageType.Parser.ParseFrom(Google.Protobuf.ByteString.Empty);
                ((System.Collections.IList)field.Open(spec)).Add(item);
                break;
            case { IsRepeated: true }:
                ((System.Collections.IList)field.Open(spec)).Add("a=1");
                break;
            case { FieldType: Google.Protobuf.Reflection.FieldType.Message }:
                field.Set(spec, new Duration { Seconds = 77 });
                break;
            default:
                field.Set(
                    spec,
                    field.Descriptor.FieldType switch
                    {
                        Google.Protobuf.Reflection.FieldType.String => "other",
                        Google.Protobuf.Reflection.FieldType.Bool => true,
                        Google.Protobuf.Reflection.FieldType.Int64 => 77_000_000_000L,
                        Google.Protobuf.Reflection.FieldType.UInt64 => 77UL,
                        Google.Protobuf.Reflection.FieldType.UInt32 => 77u,
                        Google.Protobuf.Reflection.FieldType.Double => 0.77,
                        Google.Protobuf.Reflection.FieldType.Enum => System.Enum.ToObject(field.Descriptor.EnumType.ClrType, 1),
                        _ => throw new NotSupportedException(field.Path),
                    }
                );
                break;
        }
    }
}
