using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>About how many bytes a change takes in the log: to divide batches before the log refuses them. Generous on purpose.</summary>
public static class ChangeSize
{
    /// <summary>Batches are kept under this; the log refuses more than 1 MB.</summary>
    public const int Limit = 768 * 1024;

    private const int Fixed = 96;

    public static int Of(StateChange change) =>
        Fixed
        + change switch
        {
            StateChange.ClusterSet c => 512
                + c.Cluster.RootCertificate.Length
                + c.Cluster.RootKey.Length
                + Of(c.Cluster.WorkerJoinSecret)
                + Of(c.Cluster.ManagerJoinSecret)
                + Of(c.Cluster.UnlockKey),
            StateChange.NodeCreate c => Of(c.Node.Spec) + Of(c.Node.Description) + Of(c.Node.Status) + 128,
            StateChange.NodeSpecSet c => Of(c.Spec),
            StateChange.NodeStatusSet c => Of(c.Status),
            StateChange.NodeDescriptionSet c => Of(c.Description),
            StateChange.ServiceCreate c => Of(c.Service.Spec) + Of(c.RegistryCredential) + 256,
            StateChange.ServiceSpecSet c => Of(c.Spec) + Of(c.RegistryCredential) + Of(c.UpdateStatus),
            StateChange.ServiceUpdateStatusSet c => Of(c.Status),
            StateChange.TaskCreate c => 256 + Of(c.Task.Status) + Of(c.Task.Pending),
            StateChange.TaskAssign => 64,
            StateChange.TaskObserve c => Of(c.Status),
            StateChange.TaskPendingSet c => Of(c.Reasons),
            StateChange.RequestRecord c => Of(c.RequestId) + Of(c.ResultId),
            _ => 64,
        };

    public static int Of(ServiceSpec spec)
    {
        var size = 512 + Of(spec.Name) + Of(spec.Labels);
        var c = spec.Container;
        size += Of(c.Image) + Of(c.Entrypoint) + Of(c.Command) + Of(c.Env) + Of(c.Dir) + Of(c.User) + Of(c.Groups) + Of(c.Hostname);
        size += Of(c.Labels) + Of(c.StopSignal) + Of(c.CapabilityAdd) + Of(c.CapabilityDrop);
        size += c.HealthCheck is { } health ? 64 + Of(health.Test) : 0;
        foreach (var mount in c.Mounts)
        {
            size += 64 + Of(mount.Source) + Of(mount.Target) + Of(mount.VolumeDriver) + Of(mount.VolumeLabels);
        }
        return size
            + (48 * spec.Ports.Count)
            + Of(spec.Networks)
            + Of(spec.Placement.Constraints)
            + Of(spec.Placement.SpreadPreferences)
            + Of(spec.Placement.Platforms);
    }

    private static int Of(RegistryCredential? credential) =>
        credential is null ? 0 : 16 + Of(credential.ServerAddress) + Of(credential.Username) + Of(credential.Password);

    private static int Of(UpdateStatus? status) => status is null ? 0 : 128 + Of(status.Message);

    private static int Of(TaskStatus status) => 64 + Of(status.Message) + Of(status.Error) + Of(status.ContainerId);

    private static int Of(PendingReasons? pending) => pending is null ? 0 : 16 + pending.Reasons.Sum(r => 24 + Of(r.Filter) + Of(r.Detail));

    private static int Of(NodeSpec spec) => 32 + Of(spec.Labels);

    private static int Of(NodeStatus status) => 64 + Of(status.Message) + Of(status.Address);

    private static int Of(NodeDescription d) =>
        96
        + Of(d.Hostname)
        + Of(d.Os)
        + Of(d.Architecture)
        + Of(d.EngineVersion)
        + Of(d.EngineLabels)
        + Of(d.Plugins)
        + Of(d.Executor)
        + Of(d.SwarmdVersion);

    private static int Of(ValueMap map) => map.Sum(e => 8 + Of(e.Key) + Of(e.Value));

    private static int Of(ValueList<string> list) => list.Sum(s => 4 + Of(s));

    // UTF-8 takes at most three bytes for a UTF-16 unit.
    private static int Of(string text) => 4 + (System.Text.Ascii.IsValid(text) ? text.Length : text.Length * 3);
}
