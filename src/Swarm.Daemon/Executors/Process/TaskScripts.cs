using System.Text;

namespace Swarm.Daemon.Executors.Process;

/// <summary>The shell scripts around a program. A shell starts in about a millisecond, where a .NET supervisor would need fifty.</summary>
internal static class TaskScripts
{
    /// <summary>Supervises one task, in a session of its own, whether swarmd is there or not: starts <c>run.sh</c> in another session, waits, and leaves
    /// the exit code in the file <c>exit</c>, and (on a full disk) in its own. Creating the file <c>supervisor</c> exclusively makes a second supervisor of one task impossible.</summary>
    public const string Supervisor = """
        #!/bin/sh
        trap : HUP INT TERM
        cd "$1" || exit 125
        exec </dev/null 2>>supervisor.log
        read -r stat </proc/$$/stat
        read -r boot </proc/sys/kernel/random/boot_id
        set -C
        echo "$boot $stat" >supervisor || exit 125
        set +C
        setsid /bin/sh ./run.sh
        code=$?
        read -r boot pid stat <started && kill -9 "-$pid"
        echo "$code" >exit.tmp && mv exit.tmp exit
        exit "$code"

        """;

    /// <summary>Becomes the program: joins the control groups, notes its identity, tells swarmd (standard output is a pipe to it until then), and executes.</summary>
    public static string Run(TaskRecord task, string directory, IReadOnlyList<string> controlGroups)
    {
        var script = new StringBuilder();
        foreach (var procs in controlGroups)
        {
            script.Append("echo $$ >").Append(Quote(procs)).Append(" || exit 125\n");
        }
        script.Append(
            """
            read -r stat </proc/$$/stat
            read -r boot </proc/sys/kernel/random/boot_id
            echo "$boot $stat" >started
            echo started

            """
        );
        script.Append("cd ").Append(Quote(task.WorkingDirectory)).Append(" || exit 126\n");
        script.Append("exec >>").Append(Quote(Path.Combine(directory, "stdout")));
        script.Append(" 2>>").Append(Quote(Path.Combine(directory, "stderr"))).Append('\n');
        script.Append("exec");
        foreach (var word in task.Prefix.Concat(["env", "-i"]).Concat(task.Environment).Concat(task.Arguments))
        {
            script.Append(' ').Append(Quote(word));
        }
        return script.Append('\n').ToString();
    }

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
