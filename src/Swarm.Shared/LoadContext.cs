using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;

namespace Swarm;

/// <summary>Loads the module's implementation and its dependencies apart from the rest of the process. Our versions of
/// Google.Protobuf, Grpc and Microsoft.Extensions then never meet another module's.</summary>
public sealed class LoadContext : AssemblyLoadContext
{
    private static readonly Lock Gate = new();
    private static readonly MethodInfo? SetName = typeof(PSModuleInfo).GetMethod(
        nameof(SetName),
        BindingFlags.Instance | BindingFlags.NonPublic
    );
    private static readonly MethodInfo? AddExportedCmdlet = typeof(PSModuleInfo).GetMethod(
        nameof(AddExportedCmdlet),
        BindingFlags.Instance | BindingFlags.NonPublic
    );
    private static readonly PropertyInfo? OwningModule = typeof(CommandInfo).GetProperty(nameof(CommandInfo.Module));
    private static Assembly? _module;
    private static PSModuleInfo? _nested;
    private static string _folder = "";
    private readonly string _directory;

    private LoadContext(string directory)
        : base("Swarm", isCollectible: false) => _directory = directory;

    /// <summary>Whether this process has imported the module before.</summary>
    public static bool IsImportedAgain { get; private set; }

    /// <summary>The folder of Swarm.psd1 that was imported first. A second copy does not change it.</summary>
    public static string Folder
    {
        get => _folder;
        set
        {
            lock (Gate)
            {
                _folder = _folder.Length > 0 ? _folder : value;
            }
        }
    }

    /// <summary>Swarm.Cmdlets.dll of <c>bin/module</c> in <see cref="Folder"/>. The second reading is an import again, and has the assembly of the first.</summary>
    public static Assembly Module
    {
        get
        {
            lock (Gate)
            {
                IsImportedAgain = _module is not null;
                if (_module is null)
                {
                    var directory = Path.Combine(_folder, "bin", "module");
                    _module = new LoadContext(directory).LoadFromAssemblyPath(Path.Combine(directory, "Swarm.Cmdlets.dll"));
                }
                return _module;
            }
        }
    }

    /// <summary>The module that the engine has made of <see cref="Module"/>. Set, it gets the assembly's plain name: the engine takes the full one.</summary>
    public static PSModuleInfo? Nested
    {
        get => _nested;
        set
        {
            _nested = value;
            if (value is not null)
            {
                SetName?.Invoke(value, ["Swarm.Cmdlets"]);
            }
        }
    }

    /// <summary>Adds the commands of the assembly to a module that was imported again.</summary>
    /// <param name="nested">The module of <see cref="Module"/>.</param>
    /// <param name="module">The module Swarm.</param>
    public static void Export(PSModuleInfo nested, PSModuleInfo module)
    {
        foreach (var command in nested.ExportedCmdlets.Values)
        {
            AddExportedCmdlet?.Invoke(module, [command]);
        }
    }

    /// <summary>Makes another copy of the module the owner of commands. The engine keeps a command once for all copies that have it. It removes the
    /// command with the copy that owns it.</summary>
    /// <param name="commands">Commands as the session finds them. Null and those of other modules are left alone.</param>
    /// <param name="removed">The copy that is about to be removed.</param>
    /// <param name="heir">A copy that stays, imported with the same prefix.</param>
    public static void HandOver(IEnumerable<CmdletInfo?> commands, PSModuleInfo removed, PSModuleInfo heir)
    {
        ArgumentNullException.ThrowIfNull(commands);
        foreach (var command in commands)
        {
            if (command is not null && ReferenceEquals(command.Module, removed))
            {
                OwningModule?.SetMethod?.Invoke(command, [heir]);
            }
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
