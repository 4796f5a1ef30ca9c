using System.Text.Json.Serialization;
using Swarm.Core.Model;

namespace Swarm.Daemon.Membership;

/// <summary>The progress of a change of membership. A restart resumes or cleans up by it.</summary>
public enum MembershipPhase
{
    /// <summary>An init or a join had begun and was not completed: its remains are removed.</summary>
    Entering,

    /// <summary>This node is in a swarm.</summary>
    Active,

    /// <summary>The node was leaving: the remains are removed.</summary>
    Leaving,
}

/// <summary>The swarm of this node, and its role in it (<c>node.json</c>).</summary>
public sealed record MembershipRecord
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required MembershipPhase Phase { get; init; }
    public string NodeId { get; init; } = "";
    public string ClusterId { get; init; } = "";
    public NodeRole Role { get; init; }

    /// <summary>host:port on which the cluster port listens.</summary>
    public string Listen { get; init; } = "";

    /// <summary>host:port by which others reach this node.</summary>
    public string Advertise { get; init; } = "";

    /// <summary>host:port of the managers, as last received.</summary>
    public IReadOnlyList<string> Managers { get; init; } = [];

    /// <summary>The request id of the join, so that a retry of it is answered.</summary>
    public string RequestId { get; init; } = "";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(MembershipRecord))]
internal sealed partial class MembershipJsonContext : JsonSerializerContext;
