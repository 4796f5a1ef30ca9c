using Swarm.Core.Model;
using Swarm.Daemon.Tests.Options;
using Swarm.Wire.Mapping;

namespace Swarm.Daemon.Tests.Api;

public sealed class ProtocolMappingTests
{
    [Fact]
    public void A_global_service_survives_the_protocol()
    {
        var global = SpecValues.Full with { Mode = new ServiceMode.Global() };
        Assert.Equal(global, ProtocolMapping.FromWire(ProtocolMapping.ToWire(global)));
    }

    [Fact]
    public void Descriptions_statuses_and_credentials_survive_the_protocol()
    {
        var description = SpecValues.Make<NodeDescription>();
        Assert.Equal(description, ProtocolMapping.FromWire(ProtocolMapping.ToWire(description)));
        var status = SpecValues.Make<Core.Model.TaskStatus>();
        Assert.Equal(status, ProtocolMapping.FromWire(ProtocolMapping.ToWire(status), DateTimeOffset.MinValue));
        var withoutExit = status with { ExitCode = null };
        Assert.Equal(withoutExit, ProtocolMapping.FromWire(ProtocolMapping.ToWire(withoutExit), DateTimeOffset.MinValue));
        var credential = new RegistryCredential("a", "b", "c");
        Assert.Equal(credential, ProtocolMapping.FromWire(ProtocolMapping.ToWire(credential)));
        foreach (var state in Enum.GetValues<TaskState>())
        {
            Assert.Equal(state, ProtocolMapping.FromWire(ProtocolMapping.ToWire(state)));
        }
    }

    [Fact]
    public void Absent_messages_mean_dockers_defaults()
    {
        var spec = ProtocolMapping.FromWire(
            new Protocol.V1.ServiceSpec
            {
                Name = "a",
                Container = new Protocol.V1.ContainerSpec { Image = "b" },
            }
        );
        Assert.Equal(
            new ServiceSpec
            {
                Name = "a",
                Container = new ContainerSpec { Image = "b" },
                Mode = new ServiceMode.Replicated(1),
            },
            spec
        );
    }
}
