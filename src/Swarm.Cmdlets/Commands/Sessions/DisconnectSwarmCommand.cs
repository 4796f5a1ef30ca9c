using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommunications.Disconnect, "Swarm")]
public sealed class DisconnectSwarmCommand : AsyncCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public Session[] Session { get; set; } = [];

    protected override ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var sessions = Session.Length > 0 ? Session : [.. SessionTable.All().Where(s => s.IsDefault)];
        if (sessions.Length == 0)
        {
            throw new SwarmException("SessionNotFound", "There is no default session.", "", "Get-SwarmSession lists the open sessions.");
        }
        foreach (var session in sessions)
        {
            if (!SessionTable.Remove(session.Id))
            {
                Report(new SwarmException("SessionNotFound", $"Session {session.Id} is closed already.", session.Endpoint, ""));
            }
        }
        return default;
    }
}
