namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Unlock, "Swarm", SupportsShouldProcess = true)]
public sealed class UnlockSwarmCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UnlockKey")]
    [ValidateNotNullOrEmpty]
    public string Key { get; set; } = "";

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (await ApproveAsync("this node", "Unlock", null, false, cancellationToken))
        {
            await Client.Membership.UnlockSwarmAsync(new V1.UnlockSwarmRequest { UnlockKey = Key }, cancellationToken: cancellationToken);
        }
    }
}
