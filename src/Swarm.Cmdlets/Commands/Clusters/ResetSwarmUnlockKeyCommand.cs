namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Reset, "SwarmUnlockKey", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(UnlockKey))]
public sealed class ResetSwarmUnlockKeyCommand : SwarmCmdlet
{
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>For scripts of earlier versions: the new secret is written in any case.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (!await ApproveAsync("unlock key", "Rotate", null, Force, cancellationToken))
        {
            return;
        }
        var key = await Client.Clusters.RotateUnlockKeyAsync(
            new V1.RotateUnlockKeyRequest { RequestId = NewRequestId() },
            cancellationToken: cancellationToken
        );
        WriteObject(new UnlockKey { Key = key.UnlockKey_ });
    }
}
