using Swarm.Core.Model;

namespace Swarm.Core.Networking;

/// <summary>A task on a network.</summary>
/// <param name="TaskId">Its id.</param>
/// <param name="NodeId">The node that it runs on.</param>
/// <param name="Addresses">Its addresses there, without a prefix length; one, or two with IPv6.</param>
public sealed record NetworkMember(string TaskId, string NodeId, ValueList<string> Addresses);
