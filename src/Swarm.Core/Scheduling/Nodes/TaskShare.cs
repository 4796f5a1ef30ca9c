using Swarm.Core.Model;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>A task's share of its node until it has ended: its reservations, and the host ports that it publishes.</summary>
internal readonly record struct TaskShare(long NanoCpus, long MemoryBytes, ValueList<HostPort> HostPorts)
{
    public bool IsNone => NanoCpus == 0 && MemoryBytes == 0 && HostPorts.Count == 0;

    public static TaskShare Of(ServiceSpec spec) =>
        new(spec.Resources.Reservations.NanoCpus, spec.Resources.Reservations.MemoryBytes, HostPort.Of(spec));

    /// <summary>Of a task that has a node.</summary>
    /// <param name="spec">Its revision's.</param>
    /// <param name="ports">The ports that it got with its node; null: its revision's.</param>
    public static TaskShare Of(ServiceSpec spec, TaskPorts? ports) =>
        ports is null ? Of(spec) : Of(spec) with { HostPorts = HostPort.Of(ports.Published) };
}
