using System.Security;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Unlock, "Swarm", SupportsShouldProcess = true)]
public sealed class UnlockSwarmCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UnlockKey")]
    [Secret]
    [ValidateNotNull]
    public SecureString Key { get; set; } = new();

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (await ApproveAsync("this node", "Unlock", null, false, cancellationToken))
        {
            await Client.Membership.UnlockSwarmAsync(
                new V1.UnlockSwarmRequest { UnlockKey = SecretAttribute.Reveal(Key) },
                cancellationToken: cancellationToken
            );
        }
    }
}
