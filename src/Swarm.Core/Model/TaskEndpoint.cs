namespace Swarm.Core.Model;

/// <summary>Where the nodes of the swarm reach a task.</summary>
/// <param name="Address">An address without a port.</param>
/// <param name="Ports">Where the task listens, if that is not its target port. A process on a host with other processes gets a port that is free there.</param>
public sealed record TaskEndpoint(string Address, ValueList<TaskPort> Ports)
{
    /// <summary>The port on <see cref="Address"/> for a target port of the service.</summary>
    public uint PortFor(uint target, PortProtocol protocol)
    {
        foreach (var port in Ports)
        {
            if (port.Target == target && port.Protocol == protocol)
            {
                return port.Listening;
            }
        }
        return target;
    }
}
