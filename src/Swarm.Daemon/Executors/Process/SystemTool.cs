namespace Swarm.Daemon.Executors.Process;

/// <summary>Programs of the system that start a task's program. They are named with their whole path: a task's own PATH must not decide which they are.</summary>
internal static class SystemTool
{
    public const string StandardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The tool's path; its bare name when it is in none of the usual places, so that the error names it.</summary>
    public static string PathOf(string tool) =>
        StandardPath.Split(':').Select(directory => Path.Combine(directory, tool)).FirstOrDefault(File.Exists) ?? tool;

    /// <summary>The same command with the path of its tool; nothing when there is none.</summary>
    public static IEnumerable<string> WithPath(IReadOnlyList<string> command) =>
        command.Count == 0
            ? []
            : [command[0].Contains('/', StringComparison.Ordinal) ? command[0] : PathOf(command[0]), .. command.Skip(1)];
}
