using System.Net;
using System.Net.NetworkInformation;
using Swarm.Agent.Executors;
using Swarm.Core.Model;
using Swarm.DataPlane;

namespace Swarm.Agent.Forwarding;

/// <summary>The node's data plane, as a task's runner needs it. Without a data plane, and for tasks that publish nothing, it does nothing.</summary>
internal sealed class TaskForwarding(IDataPlane? plane)
{
    /// <summary>Gives the task its place before it is prepared, or keeps the one that it has.</summary>
    public Task<TaskEndpoint?> AttachAsync(TaskDefinition task, TaskEndpoint? known, CancellationToken cancellation)
    {
        return plane is null || (task.Spec.Ports.Count == 0 && known is null)
            ? Task.FromResult<TaskEndpoint?>(null)
            : plane.AttachAsync(new TaskAttachment(task.TaskId, task.Spec.Ports, known), cancellation);
    }

    /// <summary>The node found the task unhealthy or ended: its own clients go elsewhere at once. The managers tell the other nodes.</summary>
    public Task WithdrawAsync(TaskStatus status, string taskId, CancellationToken cancellation) =>
        plane is null || status.Endpoint is null ? Task.CompletedTask : plane.WithdrawAsync(taskId, cancellation);

    /// <summary>Lets connections end that are in use. No node sends new ones.</summary>
    public Task DrainAsync(TaskDefinition task, TaskStatus status, CancellationToken cancellation) =>
        plane is null || status is not { Endpoint: not null, State: TaskState.Running }
            ? Task.CompletedTask
            : plane.DrainAsync(task.TaskId, TcpTargets(task), task.Spec.Container.StopGracePeriod, cancellation);

    public Task DetachAsync(string taskId, CancellationToken cancellation) =>
        plane is null ? Task.CompletedTask : plane.DetachAsync(taskId, cancellation);

    /// <summary>The place where nobody listens, in words for the task's message; null: the task listens wherever it should.</summary>
    public static string? NotListening(TaskDefinition task, TaskEndpoint endpoint)
    {
        if (!IPAddress.TryParse(endpoint.Address, out var address))
        {
            return null;
        }
        var listening = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners();
        foreach (var target in TcpTargets(task))
        {
            var port = (int)endpoint.PortFor(target, PortProtocol.Tcp);
            if (
                !Array.Exists(
                    listening,
                    end =>
                        end.Port == port
                        && (end.Address.Equals(address) || end.Address.Equals(IPAddress.Any) || end.Address.Equals(IPAddress.IPv6Any))
                )
            )
            {
                return $"nothing listens on {new IPEndPoint(address, port)} (SWARM_ADDRESS and SWARM_PORT_{target} tell the program)";
            }
        }
        return null;
    }

    private static uint[] TcpTargets(TaskDefinition task) =>
        [.. task.Spec.Ports.Where(static port => port.Protocol == PortProtocol.Tcp).Select(static port => port.Target).Distinct()];
}
