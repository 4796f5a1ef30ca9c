using System.Globalization;
using global::Docker.DotNet.Models;
using TaskState = Swarm.Core.Model.TaskState;

namespace Swarm.Agent.Executors.Docker;

/// <summary>Reads a container's inspection as the status of its task.</summary>
internal static class ContainerStatus
{
    public static TaskStatus Of(ContainerInspectResponse container)
    {
        var state = container.State;
        var status = new TaskStatus
        {
            State = TaskState.Ready,
            Timestamp = new DateTimeOffset(container.Created.ToUniversalTime()),
            ContainerId = container.ID,
        };
        return state?.Status switch
        {
            "exited" or "dead" => status with
            {
                State = state.ExitCode == 0 ? TaskState.Complete : TaskState.Failed,
                ExitCode = (int)state.ExitCode,
                Error = ExitMessages.For((int)state.ExitCode, state.OOMKilled),
                Timestamp = Time(state.FinishedAt, status.Timestamp),
            },
            "running" or "paused" or "restarting" => status with
            {
                State = state.Health?.Status == "starting" ? TaskState.Starting : TaskState.Running,
                Pid = state.Pid,
                Timestamp = Time(state.StartedAt, status.Timestamp),
            },
            _ => status,
        };
    }

    private static DateTimeOffset Time(string text, DateTimeOffset otherwise) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : otherwise;
}
