using Swarm.Core.Credentials;
using Swarm.Core.Model;
using Swarm.Core.Networking;

namespace Swarm.Core.State;

/// <summary>The effect of a <see cref="StateChange"/> on one object: the record before (null: created) and after (null: removed).</summary>
public abstract record ChangedObject
{
    private ChangedObject() { }

    public sealed record OfCluster(Cluster? Before, Cluster After) : ChangedObject;

    public sealed record OfCredentials(CredentialSet Before, CredentialSet After) : ChangedObject;

    public sealed record OfNode(Node? Before, Node? After) : ChangedObject;

    public sealed record OfNetwork(Network? Before, Network? After) : ChangedObject;

    public sealed record OfService(Service? Before, Service? After) : ChangedObject;

    public sealed record OfTask(SwarmTask? Before, SwarmTask? After) : ChangedObject;
}
