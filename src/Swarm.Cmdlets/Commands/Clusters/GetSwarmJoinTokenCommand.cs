using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "SwarmJoinToken")]
[OutputType(typeof(JoinToken))]
public sealed class GetSwarmJoinTokenCommand : SwarmCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public NodeRole[] Role { get; set; } = [NodeRole.Worker, NodeRole.Manager];

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var tokens = await Client.Clusters.GetJoinTokensAsync(new V1.GetJoinTokensRequest(), cancellationToken: cancellationToken);
        foreach (var role in Role)
        {
            WriteObject(OutputMapper.ToJoinToken(tokens, role));
        }
    }
}
