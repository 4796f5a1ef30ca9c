using Grpc.Core;

namespace Swarm.Protocol.V1;

/// <summary>Calls the control API: one client for each of its areas.</summary>
/// <param name="invoker">Carries the calls: a channel's, with or without interceptors.</param>
public sealed class ControlClient(CallInvoker invoker)
{
    public ControlClient(ChannelBase channel)
        : this(channel.CreateCallInvoker()) { }

    public Daemon.DaemonClient Daemon => field ??= new(invoker);

    public Membership.MembershipClient Membership => field ??= new(invoker);

    public Clusters.ClustersClient Clusters => field ??= new(invoker);

    public Nodes.NodesClient Nodes => field ??= new(invoker);

    public Services.ServicesClient Services => field ??= new(invoker);

    public Tasks.TasksClient Tasks => field ??= new(invoker);

    public Networks.NetworksClient Networks => field ??= new(invoker);

    public Events.EventsClient Events => field ??= new(invoker);
}
