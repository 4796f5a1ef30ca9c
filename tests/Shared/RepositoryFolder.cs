namespace Swarm.Tests.Shared;

/// <summary>The repository that these tests were built from, with the pages, scripts and manifests that must agree with the code.</summary>
internal static class RepositoryFolder
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Swarm.slnx")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new InvalidOperationException("Swarm.slnx is not above the test assembly.");
    }
}
