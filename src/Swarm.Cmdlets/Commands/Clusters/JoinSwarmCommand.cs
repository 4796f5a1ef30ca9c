using System.Security;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Join, "Swarm", SupportsShouldProcess = true)]
[OutputType(typeof(JoinResult))]
public sealed class JoinSwarmCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Secret]
    [ValidateNotNull]
    public SecureString Token { get; set; } = new();

    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("ManagerAddress")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] RemoteAddress { get; set; } = [];

    [Parameter]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string? AdvertiseAddress { get; set; }

    [Parameter]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string? ListenAddress { get; set; }

    [Parameter]
    public NodeAvailability Availability { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (!await ApproveAsync(string.Join(", ", RemoteAddress), "Join the swarm", null, false, cancellationToken))
        {
            return;
        }
        var joined = await Client.Membership.JoinSwarmAsync(
            new V1.JoinSwarmRequest
            {
                RequestId = NewRequestId(),
                Token = SecretAttribute.Reveal(Token),
                RemoteAddresses = { RemoteAddress },
                AdvertiseAddress = AdvertiseAddress ?? "",
                ListenAddress = ListenAddress ?? "",
                Availability = (V1.NodeAvailability)Availability,
            },
            cancellationToken: cancellationToken
        );
        foreach (var warning in joined.Warnings)
        {
            WriteWarning(warning);
        }
        WriteObject(
            new JoinResult
            {
                NodeId = joined.NodeId,
                ClusterId = joined.ClusterId,
                Role = (NodeRole)joined.Role,
            }
        );
    }
}
