using Swarm.Core.Model;
using Swarm.Core.Networking;

namespace Swarm.Core.State;

/// <summary>The bytes that a record takes as JSON, estimated from its texts and rounded up.</summary>
public static class JsonSize
{
    public static int Of(Cluster cluster) =>
        512
        + (cluster.RootCertificate.Length * 4 / 3)
        + (cluster.RootKey.Length * 4 / 3)
        + Of(cluster.WorkerJoinSecret)
        + Of(cluster.ManagerJoinSecret)
        + Of(cluster.UnlockKey)
        + Of(cluster.Settings.DefaultAddressPools);

    public static int Of(Node node) =>
        192 + Of(node.Spec) + Of(node.Description) + Of(node.Status) + Of(node.GivenName) + Of(node.FormerNames);

    public static int Of(Network network) =>
        384
        + Of(network.Spec.Name)
        + Of(network.Spec.Driver)
        + Of(network.Spec.Labels)
        + Of(network.Spec.Options)
        + network.Spec.Subnets.Concat(network.Subnets).Sum(s => 48 + Of(s.Subnet) + Of(s.Gateway) + Of(s.IpRange));

    public static int Of(NodeSpec spec) => 32 + Of(spec.Labels);

    public static int Of(NodeStatus status) => 80 + Of(status.Message) + Of(status.Address);

    public static int Of(NodeDescription description) =>
        112
        + Of(description.Hostname)
        + Of(description.Os)
        + Of(description.Architecture)
        + Of(description.EngineVersion)
        + Of(description.EngineLabels)
        + Of(description.Plugins)
        + Of(description.Executor)
        + Of(description.SwarmdVersion)
        + Of(description.Warnings);

    /// <summary>Every property of the spec counts, without a list of them.</summary>
    public static int Of(ServiceSpec spec) => 64 + SpecProperties.Of(spec).Sum(p => 8 + p.Path.Length + OfValue(p.Value));

    public static int Of(RegistryCredential? credential) =>
        credential is null ? 0 : 16 + Of(credential.ServerAddress) + Of(credential.Username) + Of(credential.Password);

    public static int Of(UpdateStatus? status) => status is null ? 0 : 288 + Of(status.Message) + Of(status.Failure);

    public static int Of(TaskStatus status) => 64 + Of(status.Message) + Of(status.Error) + Of(status.ContainerId) + Of(status.Endpoint);

    private static int Of(TaskEndpoint? endpoint) => endpoint is null ? 0 : 48 + Of(endpoint.Address) + 64 * endpoint.Ports.Count;

    public static int Of(PendingReasons? pending) => pending is null ? 0 : 16 + pending.Reasons.Sum(r => 24 + Of(r.Filter) + Of(r.Detail));

    public static int Of(TaskPorts? ports) => ports is null ? 0 : 32 + SizeOfPorts(ports.Published);

    // UTF-8 takes at most three bytes for a UTF-16 unit.
    public static int Of(string text) => 4 + (System.Text.Ascii.IsValid(text) ? text.Length : text.Length * 3);

    private static int Of(UpdateFailure? failure) => failure is null ? 24 : 48 + Of(failure.TaskId) + Of(failure.Error);

    private static int Of(ValueMap map) => map.Sum(e => 8 + Of(e.Key) + Of(e.Value));

    private static int Of(ValueList<string> list) => list.Sum(Of);

    private static int SizeOfPorts(ValueList<PublishedPort> ports) => 64 * ports.Count;

    private static int OfValue(object? value) =>
        value switch
        {
            null => 4,
            string text => Of(text),
            ValueMap map => Of(map),
            ValueList<string> list => Of(list),
            ValueList<Mount> mounts => mounts.Sum(m => 64 + Of(m.Source) + Of(m.Target) + Of(m.VolumeDriver) + Of(m.VolumeLabels)),
            ValueList<PublishedPort> ports => SizeOfPorts(ports),
            // A number, a time, a flag or a word.
            _ => 32,
        };
}
