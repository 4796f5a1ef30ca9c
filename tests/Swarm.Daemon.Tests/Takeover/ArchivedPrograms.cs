using System.Diagnostics;
using Google.Protobuf;
using Swarm.Host.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Takeover;

/// <summary>The programs of an archived node's process tasks, started on this machine as the swarmd before had started them.</summary>
/// <param name="stateDirectory">The copy.</param>
/// <param name="archivedAs">Its path when the archive was made.</param>
internal sealed class ArchivedPrograms(string stateDirectory, string archivedAs) : IAsyncDisposable
{
    private const string ArchivedImages = "/usr/lib/swarmd/images";

    private readonly List<Process> _supervisors = [];

    private string Tasks => Path.Combine(stateDirectory, "processes");

    /// <summary>By task id.</summary>
    public Dictionary<string, ProcessIdentity> Running { get; } = new(StringComparer.Ordinal);

    /// <summary>The tasks that had a program and no exit code when the archive was made.</summary>
    public IReadOnlyList<string> TaskIds =>
        [
            .. Directory
                .GetDirectories(Tasks)
                .Where(static d => File.Exists(Path.Combine(d, "started")) && !File.Exists(Path.Combine(d, "exit")))
                .Select(static d => Path.GetFileName(d)),
        ];

    /// <summary>Starts them with the archive's own scripts, and writes into the copy which processes they are.</summary>
    public void Start()
    {
        RequireLinux();
        Move();
        foreach (var taskId in TaskIds)
        {
            var directory = Path.Combine(Tasks, taskId);
            File.Delete(Path.Combine(directory, "supervisor"));
            File.Delete(Path.Combine(directory, "started"));
            // The scripts write boot id, pid and start time.
            var start = new ProcessStartInfo("setsid", ["/bin/sh", Path.Combine(Tasks, "supervise.sh"), directory])
            {
                RedirectStandardOutput = true,
            };
            start.Environment.Clear();
            start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
            var supervisor = Process.Start(start)!;
            _supervisors.Add(supervisor);
            Assert.Equal("started", supervisor.StandardOutput.ReadLine());
            supervisor.StandardOutput.Close();
            var program = ProcessIdentity.Read(Path.Combine(directory, "started"));
            Assert.True(program is { IsAlive: true }, $"The program of task {taskId} does not run.");
            Running[taskId] = program!;
            SetPid(taskId, program!.Pid);
        }
    }

    /// <summary>Without their programs, as after a start of the machine.</summary>
    public void Move()
    {
        RequireLinux();
        foreach (
            var file in Directory
                .GetFiles(Tasks, "*", SearchOption.AllDirectories)
                .Where(static f => Path.GetFileName(f) is "task.json" or "run.sh")
        )
        {
            File.WriteAllText(
                file,
                File.ReadAllText(file)
                    .Replace(archivedAs, stateDirectory, StringComparison.Ordinal)
                    .Replace(ArchivedImages, Path.Combine(AppContext.BaseDirectory, "images"), StringComparison.Ordinal)
            );
        }
    }

    /// <summary>The task's program ends.</summary>
    public void Kill(string taskId) => Assert.True(ProcessSignal.Send(Running[taskId], ProcessSignal.Kill));

    public async ValueTask DisposeAsync()
    {
        // The programs that this swarmd has started are ended as well.
        foreach (var file in (string[])["supervisor", "started"])
        {
            foreach (var path in Directory.Exists(Tasks) ? Directory.GetFiles(Tasks, file, SearchOption.AllDirectories) : [])
            {
                if (ProcessIdentity.Read(path) is { IsAlive: true } alive)
                {
                    ProcStat.OfSession(alive.Pid).ForEach(static p => ProcessSignal.Send(ProcessIdentity.Of(p), ProcessSignal.Kill));
                }
            }
        }
        foreach (var supervisor in _supervisors)
        {
            await Deadline.WaitAsync(supervisor.WaitForExitAsync(CancellationToken.None), "the supervisor to end");
            supervisor.Dispose();
        }
    }

    private static void RequireLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The process executor runs on Linux only.");

    /// <summary>The agent remembers a task as two delimited messages: the assignment, which stays byte for byte, and the status.</summary>
    private void SetPid(string taskId, int pid)
    {
        var path = Path.Combine(stateDirectory, "agent", "tasks", taskId + ".task");
        var content = File.ReadAllBytes(path);
        var input = new CodedInputStream(content);
        _ = input.ReadBytes();
        var (assignment, status) = (content[..(int)input.Position], V1.TaskStatus.Parser.ParseFrom(input.ReadBytes()));
        Assert.Equal(V1.TaskState.Running, status.State);
        status.Pid = pid;
        using var file = File.Create(path);
        file.Write(assignment);
        status.WriteDelimitedTo(file);
    }
}
