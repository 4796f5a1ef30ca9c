using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Reset, "SwarmJoinToken", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(JoinToken))]
public sealed class ResetSwarmJoinTokenCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public NodeRole Role { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>For scripts of earlier versions: the new secret is written in any case.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (!await ApproveAsync($"{Display.Word(Role)} join token", "Rotate", null, Force, cancellationToken))
        {
            return;
        }
        var tokens = await Client.Clusters.RotateJoinTokenAsync(
            new V1.RotateJoinTokenRequest { RequestId = NewRequestId(), Role = (V1.NodeRole)Role },
            cancellationToken: cancellationToken
        );
        WriteObject(OutputMapper.ToJoinToken(tokens, Role));
    }
}
