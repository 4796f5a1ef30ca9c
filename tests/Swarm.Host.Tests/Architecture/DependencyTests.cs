using Swarm.Host.Firewall;

namespace Swarm.Host.Tests.Architecture;

public sealed class DependencyTests
{
    [Fact]
    public void Host_references_nothing_but_the_base_class_library()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var foreign = typeof(HostFirewall)
            .Assembly.GetReferencedAssemblies()
            .Select(a => a.Name!)
            .Where(name => !File.Exists(Path.Combine(framework, name + ".dll")));

        Assert.Empty(foreign);
    }
}
