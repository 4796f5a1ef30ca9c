using System.Text.Json.Serialization;
using Swarm.Core.Model;

namespace Swarm.Daemon.Membership;

/// <summary>How far a change of membership got: what a restart finds decides whether it goes on or cleans up.</summary>
public enum MembershipPhase
{
    /// <summary>An init or a join had begun and did not get to its end: whatever is there is removed.</summary>
    Entering,

    /// <summary>This node is in a swarm.</summary>
    Active,

    /// <summary>It was leaving: what is left is removed.</summary>
    Leaving,
}

/// <summary>Which swarm this node is in, and as what (<c>node.json</c>).</summary>
public sealed record MembershipRecord
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required MembershipPhase Phase { get; init; }
    public string NodeId { get; init; } = "";
    public string ClusterId { get; init; } = "";
    public NodeRole Role { get; init; }

    /// <summary>host:port where the cluster port listens.</summary>
    public string Listen { get; init; } = "";

    /// <summary>host:port where others reach this node.</summary>
    public string Advertise { get; init; } = "";

    /// <summary>host:port of the managers, as last heard.</summary>
    public IReadOnlyList<string> Managers { get; init; } = [];

    /// <summary>Of the join, so that a retry of it is answered.</summary>
    public string RequestId { get; init; } = "";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(MembershipRecord))]
internal sealed partial class MembershipJsonContext : JsonSerializerContext;
