using System.Runtime.InteropServices;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>The program swarmd: $env:SWARMD_PATH, else the folder swarmd beside the module.</summary>
internal sealed record DaemonProgram(string FileName, string[] Arguments, string? Images)
{
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The folder of this machine's native swarmd in a published module: linux-x64, osx-arm64, win-x64, …</summary>
    /// <remarks>RuntimeInformation.RuntimeIdentifier does not do: it names the distribution where that built .NET itself.</remarks>
    public static string Platform
    {
        get
        {
            var system =
                OperatingSystem.IsWindows() ? "win"
                : OperatingSystem.IsMacOS() ? "osx"
                : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? "linux-musl"
                : "linux";
            return $"{system}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
        }
    }

    /// <param name="prepare">Makes the program executable if it was unpacked without file modes.</param>
    /// <exception cref="SwarmException">DaemonNotFound, DaemonNotExecutable.</exception>
    public static DaemonProgram Find(bool prepare = true)
    {
        var named = Environment.GetEnvironmentVariable("SWARMD_PATH");
        var place = named is { Length: > 0 } ? named : Path.Combine(ModuleRoot(), "swarmd");
        if (Directory.Exists(place))
        {
            var native = OperatingSystem.IsWindows() ? "swarmd.exe" : "swarmd";
            var found = new[] { Path.Combine(Platform, native), "swarmd.dll", native }
                .Select(n => Path.Combine(place, n))
                .FirstOrDefault(File.Exists);
            place = found ?? place;
        }
        if (!File.Exists(place))
        {
            throw new SwarmException(
                "DaemonNotFound",
                $"There is no swarmd for {Platform} at '{place}'.",
                place,
                "Install a package of Swarm that has swarmd for this system, or point $env:SWARMD_PATH at one."
            );
        }
        place = Path.GetFullPath(place);
        var images = Path.Combine(Path.GetDirectoryName(place)!, "images");
        var imagesOrNone = Directory.Exists(images) ? images : null;
        if (place.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
        {
            return new DaemonProgram(DotnetHost(), [place], imagesOrNone);
        }
        if (prepare && !OperatingSystem.IsWindows())
        {
            MakeExecutable(place, imagesOrNone);
        }
        return new DaemonProgram(place, [], imagesOrNone);
    }

    /// <summary>Makes the programs executable: packages from the PowerShell Gallery are unpacked without file modes.</summary>
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static void MakeExecutable(string program, string? images)
    {
        if ((File.GetUnixFileMode(program) & Execute) != 0)
        {
            return;
        }
        try
        {
            // The daemon comes last: when it is executable, all are.
            var programs = images is null
                ? []
                : Directory
                    .EnumerateFiles(images, "*", SearchOption.AllDirectories)
                    .Where(f => Path.GetFileName(Path.GetDirectoryName(f)) == "bin");
            foreach (var file in programs.Append(program))
            {
                File.SetUnixFileMode(file, File.GetUnixFileMode(file) | Execute);
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new SwarmException(
                "DaemonNotExecutable",
                $"'{program}' is not executable, and cannot be made so by this user: {e.Message}",
                program,
                $"Let its owner run: chmod -R a+rx '{Path.GetDirectoryName(program)}'"
            );
        }
    }

    // bin/Swarm.Shared.dll is one level below the module's folder.
    internal static string ModuleRoot() => Path.GetDirectoryName(Path.GetDirectoryName(typeof(LoadContext).Assembly.Location)) ?? ".";

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
