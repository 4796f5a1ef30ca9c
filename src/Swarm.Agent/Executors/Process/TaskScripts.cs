using System.Text;
using System.Text.RegularExpressions;
using Swarm.Agent.Executors.Process.Cgroups;

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
        [ -e end.sh ] && . ./end.sh
        echo "$code" >exit.tmp && mv exit.tmp exit
        exit "$code"

        """;

    /// <summary>The file of <see cref="Supervisor"/> beside the tasks' directories.</summary>
    public const string SupervisorFile = "supervise.sh";

    /// <summary>The file of <see cref="Guard"/> beside the tasks' directories.</summary>
    public const string GuardFile = "guard.sh";

    /// <summary>Runs a health check where no control group holds its processes, and ends what it leaves behind. Its orphans become its
    /// own children, because it is started by <see cref="Host.Processes.OrphanAdopter"/>.</summary>
    public const string Guard =
        """
            #!/bin/sh
            trap : HUP INT TERM
            cd "$1" || exit 125
            exec </dev/null >/dev/null 2>&1
            setsid /bin/sh ./check.sh
            code=$?

            """
        + KillChildren
        + """
            exit "$code"

            """;

    /// <summary>Kills the shell's children until none is left. A child that has ended stays in the list, with its pid, until this shell
    /// waits: no other process can have that pid meanwhile.</summary>
    private const string KillChildren = """
        rounds=0
        while children= && read -r children </proc/$$/task/$$/children; [ -n "$children" ] && [ "$rounds" -lt 500 ]; do
            kill -9 $children
            rounds=$((rounds + 1))
            sleep 0.01 || sleep 1
        done

        """;

    /// <summary>Ends the remaining processes of a task whose program has ended, by means that can hit nobody else. swarmd ends those
    /// that they do not reach.</summary>
    /// <param name="group">The task's groups.</param>
    /// <param name="adopts">Without a home: the supervisor was started by <see cref="Host.Processes.OrphanAdopter"/>.</param>
    public static string End(TaskGroup group, bool adopts) =>
        group.KillFile is { } kill ? $"echo 1 >{Quote(kill)}\n"
        : group.FreezerFile is { } freezer
            ? $$"""
                freezer={{Quote(freezer)}} home={{Quote(group.Home!)}} looks=0 state=
                echo FROZEN >"$freezer"
                while [ "$state" != FROZEN ] && [ "$looks" -lt 1000 ]; do read -r state <"$freezer"; looks=$((looks + 1)); done
                if [ "$state" = FROZEN ]; then
                    for list in "$home/{{TaskGroup.ProcessList}}" "$home"/*/{{TaskGroup.ProcessList}}; do
                        [ -e "$list" ] && while read -r pid; do kill -9 "$pid"; done <"$list"
                    done
                fi
                echo THAWED >"$freezer"

                """
        : group.HoldsAll ? ""
        : adopts ? KillChildren
        // The program has ended and was waited for. A process that has its pid now is another one, and so is its group.
        : """
            read -r boot pid stat <started && ! [ -e "/proc/$pid" ] && kill -9 "-$pid"

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
        Join(script, controlGroups);
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
        Execute(script, task, task.Arguments, direct);
        return script.ToString();
    }

    /// <summary>Becomes a health check, with the user, the environment and the limits of the task.</summary>
    /// <inheritdoc cref="Run"/>
    public static string Check(TaskRecord task, IReadOnlyList<string> controlGroups, bool direct)
    {
        var test = task.HealthCheck!.Test;
        // The output is discarded: a check reports by its exit code. A child that keeps the output open does not keep the check.
        var script = new StringBuilder("exec </dev/null >/dev/null 2>&1\n");
        Join(script, controlGroups);
        script.Append("cd ").Append(Quote(task.WorkingDirectory)).Append(" || exit 126\n");
        Execute(script, task, test[0] == "CMD" ? test.Skip(1) : ["/bin/sh", "-c", test[1]], direct);
        return script.ToString();
    }

    /// <summary>A command line in the shell's words.</summary>
    public static string Command(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(Quote));

    private static void Join(StringBuilder script, IReadOnlyList<string> controlGroups)
    {
        foreach (var procs in controlGroups)
        {
            script.Append("echo $$ >").Append(Quote(procs)).Append(" || exit 125\n");
        }
    }

    /// <summary>Executes a command with the task's environment, and as its user.</summary>
    private static void Execute(StringBuilder script, TaskRecord task, IEnumerable<string> command, bool direct)
    {
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
        foreach (var word in SystemTool.WithPath(task.Prefix).Concat(environment).Concat(command))
        {
            script.Append(' ').Append(Quote(word));
        }
        script.Append('\n');
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
