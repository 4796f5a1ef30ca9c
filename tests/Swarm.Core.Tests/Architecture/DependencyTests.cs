using Swarm.Core.State;

namespace Swarm.Core.Tests.Architecture;

public class DependencyTests
{
    /// <summary>Parts of the shared framework that a library without sockets, files, threads and clocks of its own must not use.</summary>
    private static readonly string[] NotForCore =
    [
        "System.Net.Http",
        "System.Net.Sockets",
        "System.Net.Security",
        "System.Net.NameResolution",
        "System.Diagnostics.Process",
        "System.IO.FileSystem.Watcher",
        "System.IO.Pipes",
        "System.Threading.Thread",
        "System.Threading.ThreadPool",
        "System.Threading.Channels",
        "System.Threading.Tasks.Parallel",
    ];

    [Fact]
    public void Core_references_nothing_but_the_base_class_library()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var foreign = typeof(ClusterState)
            .Assembly.GetReferencedAssemblies()
            .Select(a => a.Name!)
            .Where(name => !File.Exists(Path.Combine(framework, name + ".dll")));

        Assert.Empty(foreign);
    }

    [Fact]
    public void Core_references_no_sockets_processes_or_threads()
    {
        Assert.Empty(typeof(ClusterState).Assembly.GetReferencedAssemblies().Select(a => a.Name!).Intersect(NotForCore));
    }
}
