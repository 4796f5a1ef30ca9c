namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>The module folder as it is published, laid out once from this build.</summary>
internal static class ModuleLayout
{
    private static readonly Lazy<string> LazyFolder = new(Create);

    /// <summary>…/Swarm, with Swarm.psd1.</summary>
    public static string Folder => LazyFolder.Value;

    private static string Create()
    {
        var root = Directory.CreateTempSubdirectory("swarm-module-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
        var folder = Path.Combine(root, "Swarm");
        var dependencies = Directory.CreateDirectory(Path.Combine(folder, "bin", "module")).FullName;
        File.Copy(Path.Combine(RepositoryFolder.Path, "Swarm.psd1"), Path.Combine(folder, "Swarm.psd1"));
        foreach (var file in Directory.GetFiles(Path.Combine(RepositoryFolder.Path, "src", "Swarm.Cmdlets", "Module")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
        // The module's own build, of the configuration that these tests were built in.
        var build = AppContext.BaseDirectory.Replace(
            Path.Combine("tests", typeof(ModuleLayout).Assembly.GetName().Name!),
            Path.Combine("src", "Swarm.Cmdlets"),
            StringComparison.Ordinal
        );
        foreach (var file in Directory.GetFiles(build, "*.dll"))
        {
            var name = Path.GetFileName(file);
            File.Copy(file, name == "Swarm.Shared.dll" ? Path.Combine(folder, "bin", name) : Path.Combine(dependencies, name));
        }
        return folder;
    }
}
