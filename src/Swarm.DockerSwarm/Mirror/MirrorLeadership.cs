using Swarm.Core.State;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>The mirror may always answer: either it was brought up to date before, or the call failed.</summary>
internal sealed class MirrorLeadership : ILeadership
{
    public bool IsLeader => true;

    public string? LeaderAddress => null;

    public event Action<bool>? LeadershipChanged
    {
        add { }
        remove { }
    }
}
