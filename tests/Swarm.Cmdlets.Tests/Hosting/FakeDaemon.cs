using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>The daemon and its host, as <see cref="FakeControl"/> has it in memory.</summary>
internal sealed class FakeDaemon(FakeControl control) : V1.Daemon.DaemonBase
{
    public override Task<V1.DaemonInfo> GetDaemon(V1.GetDaemonRequest request, ServerCallContext context)
    {
        control.Note(request);
        return AsyncTask.FromResult(control.Daemon);
    }

    public override async Task<V1.RunHostCommandResponse> RunHostCommand(V1.RunHostCommandRequest request, ServerCallContext context)
    {
        control.Note(request);
        await control.DuringHostCommand(request, context.CancellationToken);
        var node = request.Selector.Length == 0 ? control.Nodes[0] : control.Node(request.Selector);
        if (control.Disconnected.Contains(node.Name))
        {
            throw FakeControl.Refuse(
                StatusCode.Unavailable,
                "NodeNotConnected",
                $"The swarmd of node {node.Name} is not connected.",
                node.Name
            );
        }
        var answer = new V1.HostAnswer();
        if (request.Command.Firewall is { } firewall)
        {
            answer.Firewall = new V1.FirewallReport { Provider = V1.FirewallProvider.Ufw };
            answer.Firewall.Commands.Add("ufw allow 2377/tcp");
            answer.Firewall.Rules.Add(
                new V1.FirewallRule
                {
                    Port = "2377/tcp",
                    Purpose = "cluster management",
                    State = firewall.Action == V1.FirewallAction.Add ? "open" : "closed",
                    OpenedBy = firewall.Action == V1.FirewallAction.Add ? "swarm" : "none",
                    Permanent = true,
                    Sources = { firewall.Sources },
                }
            );
        }
        else if (request.Command.Listen is not null)
        {
            answer.Listen = control.Listening;
        }
        else if (request.Command.Check is not null)
        {
            answer.Checks.Add(
                new V1.HostCheck
                {
                    Name = "Engine",
                    Status = "failed",
                    Detail = "none",
                    Remedy = "Install-SwarmEngine",
                }
            );
        }
        return new V1.RunHostCommandResponse
        {
            NodeId = node.Id,
            NodeName = node.Name,
            Answer = answer,
        };
    }
}
