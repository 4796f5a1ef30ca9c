using Grpc.Core;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Watch, "SwarmEvent")]
[OutputType(typeof(SwarmEvent))]
public sealed class WatchSwarmEventCommand : SwarmCmdlet
{
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(EventSubjectCompleter))]
    public string[] Name { get; set; } = [];

    [Parameter]
    public EventKind[] Kind { get; set; } = [];

    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan? Timeout { get; set; }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        using var limit = Limit(Timeout, cancellationToken);
        using var call = Client.Events.WatchEvents(
            new V1.WatchEventsRequest { Kinds = { Kind.Select(k => Display.Word(k)) }, Selectors = { Name } },
            cancellationToken: limit.Token
        );
        try
        {
            await foreach (var change in call.ResponseStream.ReadAllAsync(limit.Token))
            {
                WriteObject(OutputMapper.ToEvent(change));
            }
        }
        catch (Exception e) when (IsCancelled(e) && limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // -Timeout ends the watch; all events so far are written.
        }
    }
}
