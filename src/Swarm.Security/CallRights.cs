namespace Swarm.Security;

/// <summary>The right that each gRPC method asks of its caller on the cluster port. Over the local socket everything is allowed: the socket file has its own rights.</summary>
public static class CallRights
{
    /// <summary>Full names, as gRPC has them. A test holds the table against the .proto files.</summary>
    public static IReadOnlyDictionary<string, CallRight> All { get; } =
        new Dictionary<string, CallRight>(StringComparer.Ordinal)
        {
            ["/swarm.v1.Daemon/GetDaemon"] = CallRight.Administrator,
            ["/swarm.v1.Daemon/RunHostCommand"] = CallRight.Administrator,
            ["/swarm.v1.Membership/InitSwarm"] = CallRight.ThisHost,
            ["/swarm.v1.Membership/JoinSwarm"] = CallRight.ThisHost,
            ["/swarm.v1.Membership/LeaveSwarm"] = CallRight.ThisHost,
            ["/swarm.v1.Membership/UnlockSwarm"] = CallRight.ThisHost,
            ["/swarm.v1.Clusters/GetCluster"] = CallRight.Administrator,
            ["/swarm.v1.Clusters/UpdateCluster"] = CallRight.Administrator,
            ["/swarm.v1.Clusters/GetJoinTokens"] = CallRight.Administrator,
            ["/swarm.v1.Clusters/RotateJoinToken"] = CallRight.Administrator,
            ["/swarm.v1.Clusters/GetUnlockKey"] = CallRight.Administrator,
            ["/swarm.v1.Clusters/RotateUnlockKey"] = CallRight.Administrator,
            ["/swarm.v1.Clusters/IssueClientCertificate"] = CallRight.Administrator,
            ["/swarm.v1.Clusters/ListCredentials"] = CallRight.Administrator,
            ["/swarm.v1.Clusters/RevokeCredential"] = CallRight.Administrator,
            ["/swarm.v1.Nodes/ListNodes"] = CallRight.Administrator,
            ["/swarm.v1.Nodes/UpdateNode"] = CallRight.Administrator,
            ["/swarm.v1.Nodes/RemoveNode"] = CallRight.Administrator,
            ["/swarm.v1.Nodes/WaitNode"] = CallRight.Administrator,
            ["/swarm.v1.Services/CreateService"] = CallRight.Administrator,
            ["/swarm.v1.Services/ListServices"] = CallRight.Administrator,
            ["/swarm.v1.Services/UpdateService"] = CallRight.Administrator,
            ["/swarm.v1.Services/ScaleServices"] = CallRight.Administrator,
            ["/swarm.v1.Services/RollbackService"] = CallRight.Administrator,
            ["/swarm.v1.Services/RemoveService"] = CallRight.Administrator,
            ["/swarm.v1.Services/ListServiceRevisions"] = CallRight.Administrator,
            ["/swarm.v1.Services/WaitServices"] = CallRight.Administrator,
            ["/swarm.v1.Tasks/ListTasks"] = CallRight.Administrator,
            ["/swarm.v1.Tasks/StopTask"] = CallRight.Administrator,
            ["/swarm.v1.Tasks/TestPlacement"] = CallRight.Administrator,
            ["/swarm.v1.Tasks/WaitTask"] = CallRight.Administrator,
            ["/swarm.v1.Networks/CreateNetwork"] = CallRight.Administrator,
            ["/swarm.v1.Networks/ListNetworks"] = CallRight.Administrator,
            ["/swarm.v1.Networks/RemoveNetwork"] = CallRight.Administrator,
            ["/swarm.v1.Events/WatchEvents"] = CallRight.Administrator,
            ["/swarm.v1.Dispatcher/Session"] = CallRight.Node,
            ["/swarm.v1.CertificateAuthority/GetRootCertificate"] = CallRight.Anyone,
            ["/swarm.v1.CertificateAuthority/IssueNodeCertificate"] = CallRight.Anyone,
        };

    /// <summary>A method that has no row is nobody's.</summary>
    public static CallRight Of(string method) => All.GetValueOrDefault(method, CallRight.ThisHost);
}
