using Swarm.Host.Firewall;

namespace Swarm.Host.Tests.Architecture;

public sealed class DependencyTests
{
    [Fact]
    public void Host_references_only_the_base_class_library_and_the_protocol()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var foreign = typeof(HostFirewall)
            .Assembly.GetReferencedAssemblies()
            .Select(a => a.Name!)
            .Where(name => !File.Exists(Path.Combine(framework, name + ".dll")));

        // The host commands are messages of the protocol.
        Assert.Equal(["Google.Protobuf", "Swarm.Protocol"], foreign.Order(StringComparer.Ordinal));
    }
}
