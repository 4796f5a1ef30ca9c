namespace Swarm.Daemon.Executors.Process;

/// <summary>Programs of the system that start a task's program. They are named with their whole path: a task's own PATH must not decide which they are.</summary>
internal static class SystemTool
{
    public const string StandardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The tool's path; its bare name when it is in none of the usual places, so that the error names it.</summary>
    public static string PathOf(string tool) =>
        StandardPath.Split(':').Select(directory => Path.Combine(directory, tool)).FirstOrDefault(File.Exists) ?? tool;

    /// <summary>What makes env(1) undo that a signal is ignored; nothing where env cannot (other than GNU's, or before coreutils 8.31). A swarmd that was started in the
    /// background of a script ignores SIGINT and SIGQUIT, its tasks would inherit that, and a task whose stop signal is SIGINT would never see it.</summary>
    public static IReadOnlyList<string> SignalReset => s_signalReset.Value;

    private static readonly Lazy<string[]> s_signalReset = new(static () =>
    {
        const string Option = "--default-signal=INT,QUIT";
        try
        {
            using var probe = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo(PathOf("env"), [Option, PathOf("true")])
                {
                    RedirectStandardError = true,
                    UseShellExecute = false,
                }
            )!;
            probe.WaitForExit();
            return probe.ExitCode == 0 ? [Option] : [];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No env: the task's start says so.
            return [];
        }
    });

    /// <summary>The same command with the path of its tool; nothing when there is none.</summary>
    public static IEnumerable<string> WithPath(IReadOnlyList<string> command) =>
        command.Count == 0
            ? []
            : [command[0].Contains('/', StringComparison.Ordinal) ? command[0] : PathOf(command[0]), .. command.Skip(1)];
}
