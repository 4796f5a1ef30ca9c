using Swarm.Core.Model;

namespace Swarm.Core.Scheduling;

/// <summary>What a task takes of its node until it has ended: what it reserves, and the node's own ports that it publishes.</summary>
internal sealed record TaskShare(long NanoCpus, long MemoryBytes, ValueList<HostPort> HostPorts)
{
    public static TaskShare None { get; } = new(0, 0, []);

    public static TaskShare Of(ServiceSpec spec)
    {
        var reserved = spec.Resources.Reservations;
        var ports = HostPort.Of(spec);
        return reserved == ResourceAmount.Zero && ports.Count == 0 ? None : new TaskShare(reserved.NanoCpus, reserved.MemoryBytes, ports);
    }
}
