using Swarm.Host.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>A task that ran at some moment, with its process: pid and start time identify it.</summary>
internal sealed record RunningTask(string Id, string Name, string NodeName, int Pid, ulong StartTime)
{
    public ProcessIdentity Process => new(ProcessIdentity.CurrentBootId, Pid, StartTime);

    public bool IsAlive => Process.IsAlive;

    public static RunningTask Of(V1.Task task)
    {
        var stat = ProcStat.Of((int)task.Status.Pid);
        Assert.True(stat is not null, $"{task.Name} runs as process {task.Status.Pid}, which is not there.");
        return new RunningTask(task.Id, task.Name, task.NodeName, stat!.Value.Pid, stat.Value.StartTime);
    }

    /// <summary>Ends the process without the manager's order.</summary>
    public void Kill() => Assert.True(ProcessSignal.Send(Process, ProcessSignal.Kill));
}
