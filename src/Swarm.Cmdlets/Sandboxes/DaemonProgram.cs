namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Where swarmd is: $env:SWARMD_PATH, else the folder swarmd beside the module.</summary>
internal sealed record DaemonProgram(string FileName, string[] Arguments, string? Images)
{
    /// <exception cref="SwarmException">DaemonNotFound.</exception>
    public static DaemonProgram Find()
    {
        var named = Environment.GetEnvironmentVariable("SWARMD_PATH");
        var place = named is { Length: > 0 } ? named : Path.Combine(ModuleRoot(), "swarmd");
        if (Directory.Exists(place))
        {
            var found = new[] { "swarmd.dll", OperatingSystem.IsWindows() ? "swarmd.exe" : "swarmd" }
                .Select(n => Path.Combine(place, n))
                .FirstOrDefault(File.Exists);
            place = found ?? place;
        }
        if (!File.Exists(place))
        {
            throw new SwarmException(
                "DaemonNotFound",
                $"There is no swarmd at '{place}'.",
                place,
                "Build the module with its daemon (./build.sh), or point $env:SWARMD_PATH at swarmd."
            );
        }
        place = Path.GetFullPath(place);
        var images = Path.Combine(Path.GetDirectoryName(place)!, "images");
        var imagesOrNone = Directory.Exists(images) ? images : null;
        return place.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
            ? new DaemonProgram(DotnetHost(), [place], imagesOrNone)
            : new DaemonProgram(place, [], imagesOrNone);
    }

    // bin/Swarm.Shared.dll is loaded from its own place, one below the module's folder.
    private static string ModuleRoot() => Path.GetDirectoryName(Path.GetDirectoryName(typeof(LoadContext).Assembly.Location)) ?? ".";

    private static string DotnetHost()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string?[] candidates =
        [
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH"),
            Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? Path.Combine(root, name) : null,
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(p => Path.Combine(p, name)),
        ];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new SwarmException(
                "DaemonNotFound",
                "swarmd.dll needs the dotnet host, which is not on the PATH.",
                name,
                "Install the .NET 10 runtime, or point $env:SWARMD_PATH at a native swarmd."
            );
    }
}
