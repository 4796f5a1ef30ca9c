using System.Net;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;
using TaskStatus = Swarm.Core.Model.TaskStatus;

namespace Swarm.Daemon.Tests.DockerSwarm;

public sealed class DockerErrorsTests
{
    /// <summary>Messages of an engine 20.10.24 and of SwarmKit.</summary>
    [Theory]
    [InlineData(
        503,
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.",
        "NotInSwarm"
    )]
    [InlineData(
        503,
        "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
        "NotAManager"
    )]
    [InlineData(
        503,
        "This node is already part of a swarm. Use \"docker swarm leave\" to leave this swarm and join another one.",
        "AlreadyInSwarm"
    )]
    [InlineData(
        503,
        "Swarm is encrypted and needs to be unlocked before it can be used. Please use \"docker swarm unlock\" to unlock it.",
        "SwarmLocked"
    )]
    [InlineData(500, "rpc error: code = DeadlineExceeded desc = context deadline exceeded", "NoLeader")]
    [InlineData(
        500,
        "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.",
        "NoLeader"
    )]
    [InlineData(500, "rpc error: code = Unknown desc = update out of sequence", "VersionConflict")]
    [InlineData(
        409,
        "rpc error: code = AlreadyExists desc = name conflicts with an existing object: service web already exists",
        "NameConflict"
    )]
    [InlineData(400, "rpc error: code = FailedPrecondition desc = attempting to demote the last manager of the swarm", "LastManager")]
    [InlineData(
        400,
        "rpc error: code = FailedPrecondition desc = node x is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal",
        "NodeIsManager"
    )]
    [InlineData(400, "rpc error: code = FailedPrecondition desc = node x is not down and can't be removed", "NodeNotDown")]
    [InlineData(
        503,
        "You are attempting to leave the swarm on a node that is participating as a manager. Removing the last manager erases all current state of the swarm. Use `--force` to ignore this message.",
        "LastManager"
    )]
    [InlineData(400, "invalid join token", "InvalidJoinToken")]
    [InlineData(
        500,
        "remote CA does not match fingerprint. Expected: 9529c6f3c5558ac3ec02b338a52d3c5434e0835a8af6f1e124649e87afaa2fb5",
        "CaDigestMismatch"
    )]
    [InlineData(
        400,
        "advertise address must be a non-zero IP address or network interface (with optional port number)",
        "InvalidAdvertiseAddress"
    )]
    [InlineData(
        400,
        "must specify a listening address because the address to advertise is not recognized as a system address, and a system's IP address to use could not be uniquely identified",
        "InvalidAdvertiseAddress"
    )]
    [InlineData(400, "listen address must be an IP address or network interface (with optional port number)", "InvalidListenAddress")]
    [InlineData(400, "could not find the system's IP address", "NoAdvertiseAddress")]
    [InlineData(500, "rpc error: code = Unknown desc = raft: failed to process the request: node lost leader status", "NoLeader")]
    [InlineData(500, "rpc error: code = Unknown desc = raft: raft message is too large and can't be sent", "ChangeTooLarge")]
    [InlineData(403, "invalid pool request: Pool overlaps with other one on this address space", "SubnetInUse")]
    [InlineData(
        400,
        "rpc error: code = FailedPrecondition desc = can't remove member from the raft: this would result in a loss of quorum",
        "QuorumWouldBeLost"
    )]
    [InlineData(409, "swarm could not be unlocked: invalid key provided", "InvalidUnlockKey")]
    [InlineData(409, "swarm is not locked", "SwarmNotLocked")]
    [InlineData(503, "Swarm certificates have expired. To replace them, leave the swarm and join again.", "CertificatesExpired")]
    [InlineData(
        400,
        "rpc error: code = InvalidArgument desc = port '8089' is already in use by service 'web' (x) as an ingress port",
        "PortInUse"
    )]
    [InlineData(404, "service nosuch not found", "ServiceNotFound")]
    [InlineData(503, "Something new", "NodePending")]
    [InlineData(400, "rpc error: code = InvalidArgument desc = something new", "RefusedByEngine")]
    public void The_engines_words_are_our_errors(int status, string message, string errorId) =>
        Assert.Equal(errorId, DockerErrors.From(new EngineException((HttpStatusCode)status, message), "web", "service").ErrorId);

    [Fact]
    public void A_worker_is_sent_to_the_port_of_a_managers_swarmd_not_of_its_engine() =>
        Assert.Equal(
            "Connect to a manager's swarmd with Connect-Swarm -ManagerAddress HOST:2378; Get-Swarm shows the managers' hosts, with port 2377, which is the engine's.",
            DockerErrors
                .From(
                    new EngineException(
                        HttpStatusCode.ServiceUnavailable,
                        "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state."
                    ),
                    ""
                )
                .Action
        );

    [Fact]
    public void The_wrapping_is_taken_off() =>
        Assert.Equal(
            "something new",
            DockerErrors
                .From(new EngineException(HttpStatusCode.BadRequest, "rpc error: code = InvalidArgument desc = something new"), "")
                .Message
        );

    [Theory]
    [InlineData("network w1 is in use by service s1", "network mynet is in use by service web")]
    [InlineData("network w1 is in use by task t1", "network mynet is in use by task web.3")]
    [InlineData("node n1 is not down and can't be removed", "node worker1 is not down and can't be removed")]
    [InlineData("port '80' is already in use by service 'web' (s1)", "port '80' is already in use by service 'web' (s1)")]
    [InlineData("service s2 not found", "service s2 not found")]
    public void Ids_in_the_engines_words_are_names(string message, string expected)
    {
        var state = new ClusterState();
        state.Apply(
            [
                new StateChange.NodeCreate(
                    new Node
                    {
                        Id = "n1",
                        CreatedAt = DateTimeOffset.UnixEpoch,
                        UpdatedAt = DateTimeOffset.UnixEpoch,
                        GivenName = "worker1",
                    }
                ),
                .. ServiceChanges.Create(
                    "s1",
                    new ServiceSpec
                    {
                        Name = "web",
                        Mode = new ServiceMode.Replicated(1),
                        Container = new ContainerSpec { Image = "alpine" },
                    },
                    null,
                    DateTimeOffset.UnixEpoch
                ),
                new StateChange.TaskCreate(
                    new SwarmTask
                    {
                        Id = "t1",
                        ServiceId = "s1",
                        Slot = 3,
                        Revision = 1,
                        DesiredState = TaskState.Running,
                        Status = new TaskStatus { State = TaskState.Running, Timestamp = DateTimeOffset.UnixEpoch },
                        CreatedAt = DateTimeOffset.UnixEpoch,
                    }
                ),
            ],
            1
        );
        var networks = new NetworkNames(new Dictionary<string, string> { ["w1"] = "mynet" });
        Assert.Equal(expected, ReadableIds.In(message, state, networks));
    }
}
