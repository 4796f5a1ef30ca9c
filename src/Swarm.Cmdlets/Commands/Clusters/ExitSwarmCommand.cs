namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Exit, "Swarm", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class ExitSwarmCommand : SwarmCmdlet
{
    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (await ApproveAsync("this node", "Leave the swarm", null, Force, cancellationToken))
        {
            await Client.Membership.LeaveSwarmAsync(
                new V1.LeaveSwarmRequest { RequestId = NewRequestId(), Force = Force },
                cancellationToken: cancellationToken
            );
        }
    }
}
