using System.Reflection;
using System.Runtime.Loader;

namespace Swarm;

/// <summary>Loads the module's implementation and its dependencies apart from the rest of the process. Our versions of
/// Google.Protobuf, Grpc and Microsoft.Extensions then never meet another module's.</summary>
public sealed class LoadContext : AssemblyLoadContext
{
    private static readonly Lock Gate = new();
    private static Assembly? _module;
    private readonly string _directory;

    private LoadContext(string directory)
        : base("Swarm", isCollectible: false) => _directory = directory;

    /// <summary>Whether this process has imported the module before.</summary>
    public static bool IsImportedAgain { get; private set; }

    /// <summary>Loads Swarm.Cmdlets.dll from <c>bin/module</c>. A second call returns the assembly of the first.</summary>
    /// <param name="moduleFolder">The folder of Swarm.psd1.</param>
    public static Assembly Initialize(string moduleFolder)
    {
        lock (Gate)
        {
            IsImportedAgain = _module is not null;
            if (_module is null)
            {
                var directory = Path.Combine(moduleFolder, "bin", "module");
                _module = new LoadContext(directory).LoadFromAssemblyPath(Path.Combine(directory, "Swarm.Cmdlets.dll"));
            }
            return _module;
        }
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var shared = typeof(LoadContext).Assembly;
        if (assemblyName.Name == shared.GetName().Name)
        {
            return shared;
        }
        // The engine is the host's, whatever the folder holds.
        if (assemblyName.Name is "System.Management.Automation")
        {
            return null;
        }
        var path = Path.Combine(_directory, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
