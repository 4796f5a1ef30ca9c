using System.Net;
using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.Core.State;

namespace Swarm.Core.Forwarding;

/// <summary>Makes the entries of the nodes' forwarding tables of the state.</summary>
public static class ForwardingTables
{
    /// <summary>The node, as other nodes forward to it; null: it is Down or has left, and connections to its tasks have ended.</summary>
    public static ForwardingPeer? PeerOf(Node node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return IsGone(node) ? null : new ForwardingPeer(node.Id, 0, node.Status.Address);
    }

    /// <summary>The service, as every node answers for it; null: it is not there, or publishes nothing on all nodes.</summary>
    public static ForwardedService? ServiceOf(ClusterState state, string serviceId)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.FindService(serviceId) is not { } service || !PublishesOnAllNodes(service))
        {
            return null;
        }
        var ports = service
            .Ports.Where(port =>
                port is { Mode: PublishMode.Ingress, Published: > 0 }
                && state.FindServiceByPort(port.Protocol, port.Published)?.Id == serviceId
            )
            .ToValueList();
        var backends = state
            .TasksOfService(serviceId)
            .Where(task =>
                TakesConnections(task) && state.FindNode(task.NodeId!) is { } node && !IsGone(node) && IsOn(node, task.Status.Endpoint!)
            )
            .OrderBy(static task => task.Id, StringComparer.Ordinal)
            .Select(static task => new ForwardingBackend(task.Id, task.NodeId!, task.Status.Endpoint!))
            .ToValueList();
        return new ForwardedService(service.Id, service.Spec.Name, ports, backends);
    }

    /// <summary>Whether every node answers for the service.</summary>
    public static bool PublishesOnAllNodes(Service service)
    {
        ArgumentNullException.ThrowIfNull(service);
        foreach (var port in service.Ports)
        {
            if (port.Mode == PublishMode.Ingress)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether new connections may go to the task as long as its node is there. It runs, is healthy, and was not asked to end.</summary>
    public static bool TakesConnections(SwarmTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task is { NodeId: not null, DesiredState: <= TaskState.Running, Status: { State: TaskState.Running, Endpoint: not null } };
    }

    /// <summary>A node speaks for itself only: otherwise it could have all nodes send connections to any machine. Nodes of one machine have loopback
    /// addresses.</summary>
    private static bool IsOn(Node node, TaskEndpoint endpoint) =>
        IPAddress.TryParse(endpoint.Address, out var task)
        && IPAddress.TryParse(node.Status.Address, out var own)
        && (task.Equals(own) || (IPAddress.IsLoopback(task) && IPAddress.IsLoopback(own)));

    private static bool IsGone(Node node) => node.Status.State == NodeState.Down || node.Status.HasLeft;
}
