using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "SwarmSession")]
[OutputType(typeof(Session))]
public sealed class GetSwarmSessionCommand : AsyncCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public int[] Id { get; set; } = [];

    protected override ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var all = SessionTable.All();
        foreach (var id in Id)
        {
            if (all.All(s => s.Id != id))
            {
                Report(
                    new SwarmException(
                        "SessionNotFound",
                        $"There is no session {id}.",
                        $"{id}",
                        "Get-SwarmSession lists the open sessions."
                    )
                );
            }
        }
        WriteObject(all.Where(s => Id.Length == 0 || Id.Contains(s.Id)), enumerateCollection: true);
        return default;
    }
}
