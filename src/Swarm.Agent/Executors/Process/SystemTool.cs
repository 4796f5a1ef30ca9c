using System.Globalization;

namespace Swarm.Agent.Executors.Process;

/// <summary>Programs of the system that start a task's program. They are called by their full path: a task's own PATH must not select
/// them.</summary>
internal static class SystemTool
{
    public const string StandardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The tool's path; its bare name when it is in no usual folder, so that the error names it.</summary>
    public static string PathOf(string tool) =>
        StandardPath.Split(':').Select(directory => Path.Combine(directory, tool)).FirstOrDefault(File.Exists) ?? tool;

    /// <summary>Options that make env(1) reset ignored signals; empty where env cannot (not GNU's, or before coreutils 8.31). A swarmd that
    /// a script started in the background ignores SIGINT and SIGQUIT. Its tasks would inherit that, and a task whose stop signal is SIGINT
    /// would never see it.</summary>
    public static IReadOnlyList<string> SignalReset => LazySignalReset.Value;

    private static readonly Lazy<string[]> LazySignalReset = new(static () =>
    {
        const string Option = "--default-signal=INT,QUIT";
        return OutputOf(PathOf("env"), Option, PathOf("true")) is null ? [] : [Option];
    });

    /// <summary>The shell adds no variables, and swarmd ignores no signal that a task would inherit, so env(1) is not needed.</summary>
    public static bool StartsDirectly => LazyStartsDirectly.Value;

    private static readonly Lazy<bool> LazyStartsDirectly = new(static () => !IgnoresSignals() && ShellAddsNothing);

    /// <summary>A shell that executes a program passes only exported variables. (dash does; bash adds variables of its own at the last
    /// moment.)</summary>
    public static bool ShellAddsNothing => LazyShellAddsNothing.Value;

    private static readonly Lazy<bool> LazyShellAddsNothing = new(static () =>
        OutputOf("/bin/sh", "-c", $"cd /; unset {string.Join(' ', TaskScripts.OfShells)}; exec {PathOf("env")}") == $"PATH={StandardPath}\n"
    );

    /// <summary>The output of a program whose environment is only the standard path. Null when it fails or does not exist; a task's start
    /// then reports that.</summary>
    private static string? OutputOf(string program, params string[] arguments)
    {
        var start = new System.Diagnostics.ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = StandardPath;
        try
        {
            using var probe = System.Diagnostics.Process.Start(start)!;
            var output = probe.StandardOutput.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>SIGINT or SIGQUIT: the mask of ignored signals has bit N-1 for signal N (proc(5), SigIgn).</summary>
    private static bool IgnoresSignals()
    {
        const string Field = "SigIgn:";
        try
        {
            var mask = File.ReadLines("/proc/self/status").First(static line => line.StartsWith(Field, StringComparison.Ordinal));
            var ignored = ulong.Parse(mask.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            return (ignored & ((1UL << (PosixSignal.Interrupt - 1)) | (1UL << (PosixSignal.Quit - 1)))) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or FormatException)
        {
            // Unknown: treated as if it did.
            return true;
        }
    }

    /// <summary>The same command with the path of its tool; empty for an empty command.</summary>
    public static IEnumerable<string> WithPath(IReadOnlyList<string> command) =>
        command.Count == 0
            ? []
            : [command[0].Contains('/', StringComparison.Ordinal) ? command[0] : PathOf(command[0]), .. command.Skip(1)];
}
