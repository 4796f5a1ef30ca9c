using System.Text;
using System.Text.RegularExpressions;

namespace Swarm.Agent.Executors.Process;

/// <summary>The shell scripts around a program. A shell starts in about a millisecond, where a .NET supervisor would need fifty.</summary>
internal static partial class TaskScripts
{
    /// <summary>Supervises a task, in a session of its own, whether swarmd runs or not. It starts <c>run.sh</c> in another session, waits,
    /// and writes the exit code to the file <c>exit</c>. With a full disk, its own exit code is the same. Creating the file
    /// <c>supervisor</c> exclusively prevents a second supervisor of the same task.</summary>
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

    /// <summary>Becomes the program: joins the control groups, records its identity, reports to swarmd (by standard output, a pipe until
    /// then), and executes.</summary>
    /// <remarks>Every user of a machine can read arguments (<c>ps</c>), but only the owner reads environments. So the task's environment is
    /// exported instead of passed to env(1). The exceptions are variables that no shell can export, or that shells reserve.</remarks>
    /// <param name="direct">Without env(1): see <see cref="SystemTool.StartsDirectly"/>. That saves a sixth of a small task's
    /// start.</param>
    public static string Run(TaskRecord task, string directory, IReadOnlyList<string> controlGroups, bool direct)
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
        // The supervisor has no other variables than PATH; a shell may add these.
        var unset = new HashSet<string>(OfShells, StringComparer.Ordinal) { "PATH" };
        var others = new List<string>();
        foreach (var entry in task.Environment)
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            var name = entry[..equals];
            if (IsExportable(name))
            {
                script.Append("export ").Append(name).Append('=').Append(Quote(entry[(equals + 1)..])).Append('\n');
                unset.Remove(name);
            }
            else
            {
                others.Add(entry);
            }
        }
        var names = unset.Order(StringComparer.Ordinal);
        IEnumerable<string> environment = [];
        if (direct && others.Count == 0)
        {
            script.Append("unset ").AppendJoin(' ', names).Append('\n');
        }
        else
        {
            environment =
            [
                SystemTool.PathOf("env"),
                .. SystemTool.SignalReset,
                .. names.SelectMany(static name => new[] { "-u", name }),
                .. others,
            ];
        }
        script.Append("exec");
        foreach (var word in SystemTool.WithPath(task.Prefix).Concat(environment).Concat(task.Arguments))
        {
            script.Append(' ').Append(Quote(word));
        }
        return script.Append('\n').ToString();
    }

    /// <summary>Variables that shells export by themselves.</summary>
    public static IReadOnlyList<string> OfShells { get; } = ["OLDPWD", "PWD", "SHLVL", "_"];

    /// <summary>True for a valid shell name that no shell refuses to set (bash, as /bin/sh: UID, BASHOPTS, …) or sets itself.</summary>
    private static bool IsExportable(string name) =>
        ShellName().IsMatch(name)
        && !OfShells.Contains(name)
        && name is not ("UID" or "EUID" or "PPID" or "SHELLOPTS" or "IFS" or "OPTIND" or "LINENO" or "RANDOM" or "SECONDS")
        && !name.StartsWith("BASH", StringComparison.Ordinal);

    [GeneratedRegex(@"\A[a-zA-Z_][a-zA-Z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ShellName();

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
