using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Forwarding;

/// <summary>Refuses published ports that another service has.</summary>
public static class PortConflicts
{
    /// <param name="state">Applied state.</param>
    /// <param name="spec">The spec that is to be.</param>
    /// <param name="serviceId">The service that gets it; null: a new one.</param>
    /// <exception cref="SwarmException">PortInUse: another service publishes the port, here or there in the other mode. PortsExhausted: the swarm has no port
    /// left to choose.</exception>
    public static void Require(ClusterState state, ServiceSpec spec, string? serviceId)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(spec);
        foreach (var port in spec.Ports)
        {
            if (port.Published > 0 && Holder(state, port, serviceId) is { } holder)
            {
                throw new SwarmException(
                    SwarmErrorKind.AlreadyExists,
                    "PortInUse",
                    $"Port {port.Published}/{port.Protocol.ToString().ToLowerInvariant()} is already published by service {holder.Spec.Name}.",
                    port.ToString(),
                    "Choose another port, or leave the published port out: the swarm then chooses one."
                );
            }
        }
        RequireFree(state, spec, serviceId is null ? null : state.FindService(serviceId));
    }

    /// <summary>A port that the service has already stays its own.</summary>
    private static void RequireFree(ClusterState state, ServiceSpec spec, Service? service)
    {
        var chosen = spec
            .Ports.Where(static port => port is { Mode: PublishMode.Ingress, Published: 0 })
            .Where(port => service?.Ports.Any(had => had.Target == port.Target && had.Protocol == port.Protocol) != true)
            .GroupBy(static port => port.Protocol);
        foreach (var group in chosen)
        {
            if (group.Count() > state.CountFreePorts(group.Key))
            {
                throw new SwarmException(
                    SwarmErrorKind.ResourceExhausted,
                    "PortsExhausted",
                    $"The swarm has no {group.Key.ToString().ToLowerInvariant()} port left to choose.",
                    group.First().ToString(),
                    $"Name the published port, outside of {ClusterState.FirstChosenPort} to {ClusterState.LastChosenPort}, or remove a service."
                );
            }
        }
    }

    /// <summary>Tasks of several services may have the same port of different nodes in host mode. A port of every node is one service's.</summary>
    private static Service? Holder(ClusterState state, PublishedPort port, string? serviceId)
    {
        if (state.FindServiceByPort(port.Protocol, port.Published) is { } ingress && ingress.Id != serviceId)
        {
            return ingress;
        }
        if (port.Mode != PublishMode.Ingress)
        {
            return null;
        }
        foreach (var service in state.Services)
        {
            if (service.Id == serviceId)
            {
                continue;
            }
            foreach (var other in service.Ports)
            {
                if (other.Mode == PublishMode.Host && other.Published == port.Published && other.Protocol == port.Protocol)
                {
                    return service;
                }
            }
        }
        return null;
    }
}
