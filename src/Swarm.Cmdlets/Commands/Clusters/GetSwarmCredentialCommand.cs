using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "SwarmCredential")]
[OutputType(typeof(Credential))]
public sealed class GetSwarmCredentialCommand : SwarmCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CredentialCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken) =>
        await FindAsync(
            Name,
            (selectors, token) =>
                Client.Clusters.ListCredentials(new V1.ListCredentialsRequest { Selectors = { selectors } }, cancellationToken: token),
            c => c.Name,
            "credential",
            "Get-SwarmCredential lists them.",
            c => WriteObject(OutputMapper.ToCredential(c, DateTime.UtcNow)),
            cancellationToken
        );
}
