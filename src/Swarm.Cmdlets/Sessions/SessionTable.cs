using System.Collections.Concurrent;

namespace Swarm.Cmdlets.Sessions;

/// <summary>The sessions of this process, shared by its runspaces so that thread jobs use the default session too.</summary>
internal static class SessionTable
{
    public const string DefaultSocket = "/run/swarm/swarmd.sock";
    private static readonly Lock Gate = new();
    private static readonly SortedDictionary<int, (Session Session, Connection Connection)> Sessions = [];
    private static readonly ConcurrentDictionary<string, Connection> LocalConnections = new(StringComparer.Ordinal);
    private static int _lastId;
    private static int _default;

    /// <summary>$env:SWARM_SOCKET, else the well-known path.</summary>
    public static string LocalSocket =>
        Environment.GetEnvironmentVariable("SWARM_SOCKET") is { Length: > 0 } path ? path
        : OperatingSystem.IsWindows() ? @"\\.\pipe\swarmd"
        : DefaultSocket;

    public static Session Add(Connection connection, V1.DaemonInfo daemon, bool makeDefault)
    {
        lock (Gate)
        {
            var session = new Session
            {
                Id = ++_lastId,
                Endpoint = connection.Endpoint,
                IsLocal = connection.IsLocal,
                ConnectedAt = DateTime.Now,
                Hostname = daemon.Hostname,
                NodeId = daemon.NodeId,
                ClusterId = daemon.ClusterId,
                DaemonVersion = daemon.Version,
                State = (LocalNodeState)daemon.State,
            };
            Sessions.Add(session.Id, (session, connection));
            if (makeDefault)
            {
                SetDefault(session.Id);
            }
            return session;
        }
    }

    public static IReadOnlyList<Session> All()
    {
        lock (Gate)
        {
            return [.. Sessions.Values.Select(s => s.Session)];
        }
    }

    public static bool Remove(int id)
    {
        lock (Gate)
        {
            if (!Sessions.Remove(id, out var entry))
            {
                return false;
            }
            entry.Session.IsDefault = false;
            entry.Connection.Dispose();
            if (_default == id)
            {
                _default = 0;
            }
            return true;
        }
    }

    /// <summary>The given session, else the default one, else this machine's socket.</summary>
    /// <exception cref="SwarmException">SessionClosed.</exception>
    public static Connection Resolve(Session? session)
    {
        lock (Gate)
        {
            var id = session?.Id ?? _default;
            if (Sessions.TryGetValue(id, out var entry))
            {
                return entry.Connection;
            }
        }
        return session is null
            ? LocalConnections.GetOrAdd(LocalSocket, Connection.OpenSocket)
            : throw new SwarmException(
                "SessionClosed",
                $"Session {session.Id} is closed.",
                session.Endpoint,
                "Open another with Connect-Swarm."
            );
    }

    /// <summary>This machine's own swarmd, whatever the default session is.</summary>
    public static Connection Local() => LocalConnections.GetOrAdd(LocalSocket, Connection.OpenSocket);

    private static void SetDefault(int id)
    {
        _default = id;
        foreach (var (key, entry) in Sessions)
        {
            entry.Session.IsDefault = key == id;
        }
    }
}
