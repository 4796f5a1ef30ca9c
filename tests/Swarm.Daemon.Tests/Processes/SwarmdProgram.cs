using System.Diagnostics;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>The swarmd that process tests start: <c>SWARMD_PATH</c> (swarmd.dll, a native swarmd, or the folder of one), else the build beside these tests.</summary>
internal sealed record SwarmdProgram(string File)
{
    private bool IsManaged => File.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);

    public static SwarmdProgram Find()
    {
        var named = Environment.GetEnvironmentVariable("SWARMD_PATH");
        if (named is not { Length: > 0 })
        {
            var build = AppContext.BaseDirectory.Replace(
                Path.Combine("tests", "Swarm.Daemon.Tests"),
                Path.Combine("src", "Swarm.Daemon"),
                StringComparison.Ordinal
            );
            return new SwarmdProgram(Path.Combine(build, "swarmd.dll"));
        }
        var path = Path.GetFullPath(named);
        var found = Directory.Exists(path)
            ? new[] { "swarmd.dll", "swarmd", "swarmd.exe" }.Select(n => Path.Combine(path, n)).FirstOrDefault(System.IO.File.Exists)
            : path;
        return new SwarmdProgram(found ?? throw new FileNotFoundException($"SWARMD_PATH is '{named}', and there is no swarmd."));
    }

    /// <summary>The same program in another place, as an upgrade puts it there.</summary>
    public SwarmdProgram CopyTo(string directory)
    {
        var from = Path.GetDirectoryName(File)!;
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(directory, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            System.IO.File.Copy(file, to);
        }
        return new SwarmdProgram(Path.Combine(directory, Path.GetFileName(File)));
    }

    /// <summary>The command line, or with <paramref name="before"/> the command line of a program that starts swarmd (<c>unshare
    /// …</c>).</summary>
    public ProcessStartInfo Start(IEnumerable<string> arguments, params string[] before)
    {
        string[] program = IsManaged ? [DotnetHost(), File] : [File];
        string[] command = [.. before, .. program, .. arguments];
        return new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    private static string DotnetHost() =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host
        : Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath!
        : "dotnet";
}
