using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(
    VerbsSecurity.Revoke,
    "SwarmCredential",
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High,
    DefaultParameterSetName = "SerialNumber"
)]
[OutputType(typeof(Credential))]
public sealed class RevokeSwarmCredentialCommand : SwarmCmdlet
{
    [Parameter(ParameterSetName = "SerialNumber", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] SerialNumber { get; set; } = [];

    [Parameter(ParameterSetName = "Name", Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(CredentialCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var serial in ParameterSetName == "Name" ? [] : SerialNumber)
        {
            await RevokeAsync(
                new V1.RevokeCredentialRequest { SerialNumber = serial },
                serial,
                "Revoke client certificate",
                cancellationToken
            );
        }
        foreach (var name in ParameterSetName == "Name" ? Name : [])
        {
            await RevokeAsync(
                new V1.RevokeCredentialRequest { Name = name },
                name,
                "Revoke all client certificates of the name",
                cancellationToken
            );
        }
    }

    private async AsyncTask RevokeAsync(
        V1.RevokeCredentialRequest request,
        string target,
        string action,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (!await ApproveAsync(target, action, null, Force, cancellationToken))
            {
                return;
            }
            request.RequestId = NewRequestId();
            var response = await Client.Clusters.RevokeCredentialAsync(request, cancellationToken: cancellationToken);
            if (response.Revoked.Count == 0)
            {
                WriteWarning(
                    $"No client certificate of the name '{target}' is on record. Certificates of that name that an earlier version made are refused from now on."
                );
            }
            foreach (var revoked in PassThru ? response.Revoked : [])
            {
                WriteObject(OutputMapper.ToCredential(revoked, DateTime.UtcNow));
            }
        }
        catch (Exception e) when (IsOfOneObject(e))
        {
            Report(e, target);
        }
    }
}
