using Swarm.Core.Model;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>A task's share of its node until it has ended: its reservations, and the host ports that it publishes.</summary>
internal readonly record struct TaskShare(long NanoCpus, long MemoryBytes, ValueList<HostPort> HostPorts)
{
    public bool IsNone => NanoCpus == 0 && MemoryBytes == 0 && HostPorts.Count == 0;

    public static TaskShare Of(ServiceSpec spec) =>
        new(spec.Resources.Reservations.NanoCpus, spec.Resources.Reservations.MemoryBytes, HostPort.Of(spec));
}
