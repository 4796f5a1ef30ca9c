namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "SwarmUnlockKey")]
[OutputType(typeof(UnlockKey))]
public sealed class GetSwarmUnlockKeyCommand : SwarmCmdlet
{
    protected override async ValueTask EndAsync(CancellationToken cancellationToken) =>
        WriteObject(
            await ReadUnlockKeyAsync(cancellationToken)
                ?? throw new SwarmException(
                    "AutolockNotEnabled",
                    "The swarm has no unlock key: autolock is not enabled.",
                    "",
                    "Enable it with Set-Swarm -AutoLock, which shows the key."
                )
        );
}
