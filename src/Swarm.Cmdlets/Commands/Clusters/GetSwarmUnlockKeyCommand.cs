namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "SwarmUnlockKey")]
[OutputType(typeof(UnlockKey))]
public sealed class GetSwarmUnlockKeyCommand : SwarmCmdlet
{
    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        var key = await Client.Clusters.GetUnlockKeyAsync(new V1.GetUnlockKeyRequest(), cancellationToken: cancellationToken);
        WriteObject(new UnlockKey { Key = key.UnlockKey_ });
    }
}
