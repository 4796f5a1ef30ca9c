using System.Net;
using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Converts the engine's errors to ours, by the messages of moby and SwarmKit.</summary>
internal static class DockerErrors
{
    private const string JoinTimeout = "Timeout was reached before node joined";

    /// <summary>Texts in the engine's messages, with our errors. The first match counts.</summary>
    private static readonly (string Words, Func<string, string, SwarmException> Refusal)[] Known =
    [
        ("Worker nodes can't be used", static (_, _) => MembershipErrors.NotAManager([])),
        ("This node is not a swarm manager", static (_, _) => MembershipErrors.NotInSwarm()),
        ("This node is not part of a swarm", static (_, _) => MembershipErrors.NotInSwarm()),
        ("already part of a swarm", static (_, target) => MembershipErrors.AlreadyInSwarm(target)),
        ("needs to be unlocked", static (_, _) => MembershipErrors.Locked()),
        ("swarm is not locked", static (_, _) => MembershipErrors.NotLocked()),
        (
            "invalid key provided",
            static (_, _) =>
                new SwarmException(
                    SwarmErrorKind.PermissionDenied,
                    "InvalidUnlockKey",
                    "Swarm could not be unlocked: invalid key provided.",
                    action: "Get-SwarmUnlockKey shows the key on another manager."
                )
        ),
        (
            "certificates have expired",
            static (_, _) =>
                Refuse(
                    "CertificatesExpired",
                    "The certificates of this node have expired.",
                    "",
                    "Leave the swarm with Exit-Swarm -Force and join again."
                )
        ),
        ("does not have a leader", static (_, _) => LeaderErrors.NoLeader(null)),
        (
            "update out of sequence",
            static (_, target) =>
                Refuse(
                    "VersionConflict",
                    $"{target} was changed by somebody else at the same time.",
                    target,
                    "Read it again and repeat the change."
                )
        ),
        (
            "name conflicts with an existing object",
            static (message, target) =>
                new SwarmException(
                    SwarmErrorKind.AlreadyExists,
                    "NameConflict",
                    message,
                    target,
                    "Choose another name, or change the existing object."
                )
        ),
        (
            "demote the last manager",
            static (message, target) => Refuse("LastManager", message, target, "A swarm needs a manager: promote another node first.")
        ),
        ("Removing the last manager", static (_, _) => MembershipErrors.LastManager()),
        (
            "participating as a manager",
            static (_, target) =>
                Refuse(
                    "NodeIsManager",
                    "You are attempting to leave the swarm on a node that is participating as a manager.",
                    target,
                    "Demote it first (Set-SwarmNode -Role Worker), or use Exit-Swarm -Force."
                )
        ),
        (
            "member of the raft cluster",
            static (message, target) => Refuse("NodeIsManager", message, target, "Demote it first: Set-SwarmNode -Role Worker.")
        ),
        (
            "loss of quorum",
            static (message, target) =>
                Refuse("QuorumWouldBeLost", message, target, "Bring the managers back that are unreachable, then repeat this.")
        ),
        (
            "is not down and can't be removed",
            static (message, target) => Refuse("NodeNotDown", message, target, "Run Exit-Swarm on it first, or use -Force.")
        ),
        (
            "does not match fingerprint",
            static (message, target) =>
                Refuse(
                    "CaDigestMismatch",
                    message,
                    target,
                    "The token is another swarm's, or the address is: compare with Get-SwarmJoinToken there."
                )
        ),
        (
            "join token",
            static (message, _) =>
                Invalid("InvalidJoinToken", message, "", "Get-SwarmJoinToken on a manager shows the token that is valid now.")
        ),
        (
            JoinTimeout,
            static (_, target) =>
                new SwarmException(
                    SwarmErrorKind.Unavailable,
                    "ManagerUnreachable",
                    "Timeout was reached before the node joined; the engine goes on trying.",
                    target,
                    "Check the manager's address and that nothing blocks TCP port 2377; Get-Swarm shows how it stands, Exit-Swarm -Force gives up."
                )
        ),
        (
            "choose an IP address to advertise",
            static (message, _) =>
                Invalid("AdvertiseAddressAmbiguous", message, "", "Give one of them with -AdvertiseAddress (swarmd --advertise).")
        ),
        (
            "advertise address must be",
            static (message, target) =>
                Invalid(
                    "InvalidAdvertiseAddress",
                    $"'{target}' cannot be advertised: {message}",
                    target,
                    "Give an IP address of this machine, or the name of one of its interfaces, with -AdvertiseAddress (swarmd --advertise)."
                )
        ),
        (
            "listen address must be",
            static (message, _) =>
                Invalid(
                    "InvalidListenAddress",
                    message,
                    "",
                    "Give an IP address of this machine, or the name of one of its interfaces, with -ListenAddress."
                )
        ),
        (
            "must specify a listening address",
            static (message, target) =>
                Invalid(
                    "InvalidAdvertiseAddress",
                    message,
                    target,
                    "The address is none of this machine's: name with -ListenAddress the one that it stands for."
                )
        ),
        (
            "could not find the system's IP address",
            static (message, _) => Invalid("NoAdvertiseAddress", message, "", "Give one with -AdvertiseAddress (swarmd --advertise).")
        ),
        ("lost leader status", static (_, _) => LeaderErrors.NoLeader(null)),
        (
            "raft message is too large",
            static (message, target) => Invalid("ChangeTooLarge", message, target, "Make the labels, environment or other texts shorter.")
        ),
        (
            "Pool overlaps",
            static (message, target) => Refuse("SubnetInUse", message, target, "Choose another -Subnet, or leave it to the engine.")
        ),
        (
            "does not have a previous spec",
            static (message, target) =>
                Refuse("NoPreviousRevision", message, target, "There is nothing to go back to: it was never updated.")
        ),
        (
            "is in use by",
            static (message, target) =>
                Refuse("NetworkInUse", message, target, "Remove the services that use it first, or take it away from them.")
        ),
        (
            "has active endpoints",
            static (message, target) => Refuse("NetworkInUse", message, target, "Remove what is connected to it first.")
        ),
        (
            "port '",
            static (message, target) =>
                Refuse("PortInUse", message, target, "Publish another port, or remove the service that has this one.")
        ),
    ];

    /// <summary>Texts of an engine that did not reach another one.</summary>
    private static readonly string[] Connection =
    [
        JoinTimeout,
        "error while dialing",
        "connection error",
        "connection refused",
        "no route to host",
        "i/o timeout",
        "deadline exceeded",
        "DeadlineExceeded",
    ];

    /// <summary>True when a join failed, or may have failed, because no other engine was reached.</summary>
    public static bool MeansNoConnection(EngineException e) =>
        Connection.Any(words => e.Message.Contains(words, StringComparison.OrdinalIgnoreCase));

    /// <summary>The engine has answered, and tries to join all the same.</summary>
    public static bool GoesOnTrying(EngineException e) => e.Message.Contains(JoinTimeout, StringComparison.OrdinalIgnoreCase);

    /// <param name="e">The engine's error.</param>
    /// <param name="target">The object of the call, as the user named it.</param>
    /// <param name="kind">service, node, network or swarm: for what is not found.</param>
    /// <param name="readable">Replaces ids in the engine's message: <see cref="ReadableIds"/>. Null: it may hold none.</param>
    public static SwarmException From(EngineException e, string target, string kind = "", Func<string, string>? readable = null)
    {
        var message = WithoutWrapping(e.Message);
        message = readable?.Invoke(message) ?? message;
        foreach (var (words, refusal) in Known)
        {
            if (message.Contains(words, StringComparison.OrdinalIgnoreCase))
            {
                return refusal(message, target);
            }
        }
        if (
            e.Message.Contains("DeadlineExceeded", StringComparison.Ordinal)
            || message.Contains("deadline exceeded", StringComparison.Ordinal)
        )
        {
            return LeaderErrors.NoLeader(null);
        }
        return e.Status switch
        {
            HttpStatusCode.NotFound when kind.Length > 0 => new SwarmException(
                SwarmErrorKind.NotFound,
                string.Concat(kind[..1].ToUpperInvariant(), kind[1..], "NotFound"),
                $"{kind} {target} not found",
                target,
                $"Get-Swarm{string.Concat(kind[..1].ToUpperInvariant(), kind[1..])} lists what there is."
            ),
            HttpStatusCode.NotFound => new SwarmException(SwarmErrorKind.NotFound, "ObjectNotFound", message, target),
            HttpStatusCode.Conflict => new SwarmException(SwarmErrorKind.AlreadyExists, "NameConflict", message, target),
            HttpStatusCode.BadRequest => Invalid("RefusedByEngine", message, target, "The engine does not take this option or value."),
            HttpStatusCode.ServiceUnavailable => new SwarmException(
                SwarmErrorKind.Unavailable,
                "NodePending",
                message,
                target,
                "Retry in a moment."
            ),
            _ => Refuse("RefusedByEngine", message, target, "The engine's log has the details."),
        };
    }

    private static string WithoutWrapping(string message)
    {
        const string Description = "desc = ";
        var at = message.StartsWith("rpc error:", StringComparison.Ordinal) ? message.IndexOf(Description, StringComparison.Ordinal) : -1;
        return at < 0 ? message : message[(at + Description.Length)..];
    }

    private static SwarmException Refuse(string errorId, string message, string target, string action) =>
        new(SwarmErrorKind.FailedPrecondition, errorId, message, target, action);

    private static SwarmException Invalid(string errorId, string message, string target, string action) =>
        new(SwarmErrorKind.InvalidArgument, errorId, message, target, action);
}
