using System.Reflection;
using System.Runtime.Loader;

namespace Swarm;

/// <summary>Loads the module's implementation and its dependencies apart from everything else in the process, so that our versions of
/// Google.Protobuf, Grpc and Microsoft.Extensions never meet another module's.</summary>
public sealed class LoadContext : AssemblyLoadContext
{
    private static readonly Lock s_gate = new();
    private static Assembly? s_module;
    private readonly string _directory;

    private LoadContext(string directory)
        : base("Swarm", isCollectible: false) => _directory = directory;

    /// <summary>Loads Swarm.Cmdlets.dll from <paramref name="directory"/>; a second call answers the first one's assembly.</summary>
    /// <param name="directory">The folder that holds Swarm.Cmdlets.dll and its dependencies (bin/module).</param>
    public static Assembly Initialize(string directory)
    {
        lock (s_gate)
        {
            return s_module ??= new LoadContext(directory).LoadFromAssemblyPath(Path.Combine(directory, "Swarm.Cmdlets.dll"));
        }
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var shared = typeof(LoadContext).Assembly;
        if (assemblyName.Name == shared.GetName().Name)
        {
            return shared;
        }
        // The engine is the host's, whatever lies in the folder.
        if (assemblyName.Name is "System.Management.Automation")
        {
            return null;
        }
        var path = Path.Combine(_directory, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
