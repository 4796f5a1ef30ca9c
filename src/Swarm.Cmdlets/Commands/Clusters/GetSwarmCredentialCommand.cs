using Grpc.Core;
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

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        using var call = Client.Clusters.ListCredentials(new V1.ListCredentialsRequest(), cancellationToken: cancellationToken);
        var all = new List<V1.Credential>();
        await foreach (var credential in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            all.Add(credential);
        }
        foreach (var name in Name ?? ["*"])
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var found = all.Where(c => c.Name == name || pattern.IsMatch(c.Name)).ToList();
            found.ForEach(c => WriteObject(OutputMapper.ToCredential(c, DateTime.UtcNow)));
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                Report(
                    new SwarmException(
                        "CredentialNotFound",
                        $"There is no client certificate '{name}' on record.",
                        name,
                        "Get-SwarmCredential lists them."
                    )
                );
            }
        }
    }
}
