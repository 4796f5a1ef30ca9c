namespace Swarm.Daemon.Tests;

/// <summary>Where these tests were built from: pages and manifests that must agree with the code are there.</summary>
internal static class RepositoryFolder
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder!.FullName, "Swarm.psd1")))
        {
            folder = folder.Parent;
        }
        return folder.FullName;
    }
}
