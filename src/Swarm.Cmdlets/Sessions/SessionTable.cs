using System.Collections.Concurrent;

namespace Swarm.Cmdlets.Sessions;

/// <summary>The sessions of this process, shared by its runspaces so that thread jobs use the default session too.</summary>
internal static class SessionTable
{
    public const string DefaultSocket = "/run/swarm/swarmd.sock";
    private static readonly Lock s_gate = new();
    private static readonly SortedDictionary<int, (Session Session, Connection Connection)> s_sessions = [];
    private static readonly ConcurrentDictionary<string, Connection> s_local = new(StringComparer.Ordinal);
    private static int s_lastId;
    private static int s_default;

    /// <summary>$env:SWARM_SOCKET, else the well-known path.</summary>
    public static string LocalSocket =>
        Environment.GetEnvironmentVariable("SWARM_SOCKET") is { Length: > 0 } path ? path
        : OperatingSystem.IsWindows() ? @"\\.\pipe\swarmd"
        : DefaultSocket;

    public static Session Add(Connection connection, V1.DaemonInfo daemon, bool makeDefault)
    {
        lock (s_gate)
        {
            var session = new Session
            {
                Id = ++s_lastId,
                Endpoint = connection.Endpoint,
                IsLocal = connection.IsLocal,
                ConnectedAt = DateTime.Now,
                Hostname = daemon.Hostname,
                NodeId = daemon.NodeId,
                ClusterId = daemon.ClusterId,
                DaemonVersion = daemon.Version,
                State = (LocalNodeState)daemon.State,
            };
            s_sessions.Add(session.Id, (session, connection));
            if (makeDefault)
            {
                SetDefault(session.Id);
            }
            return session;
        }
    }

    public static IReadOnlyList<Session> All()
    {
        lock (s_gate)
        {
            return [.. s_sessions.Values.Select(s => s.Session)];
        }
    }

    public static bool Remove(int id)
    {
        lock (s_gate)
        {
            if (!s_sessions.Remove(id, out var entry))
            {
                return false;
            }
            entry.Session.IsDefault = false;
            entry.Connection.Dispose();
            if (s_default == id)
            {
                s_default = 0;
            }
            return true;
        }
    }

    /// <summary>The given session, else the default one, else this machine's socket.</summary>
    /// <exception cref="SwarmException">SessionClosed.</exception>
    public static Connection Resolve(Session? session)
    {
        lock (s_gate)
        {
            var id = session?.Id ?? s_default;
            if (s_sessions.TryGetValue(id, out var entry))
            {
                return entry.Connection;
            }
        }
        return session is null
            ? s_local.GetOrAdd(LocalSocket, Connection.OpenSocket)
            : throw new SwarmException(
                "SessionClosed",
                $"Session {session.Id} is closed.",
                session.Endpoint,
                "Open another with Connect-Swarm."
            );
    }

    /// <summary>This machine's own swarmd, whatever the default session is.</summary>
    public static Connection Local() => s_local.GetOrAdd(LocalSocket, Connection.OpenSocket);

    private static void SetDefault(int id)
    {
        s_default = id;
        foreach (var (key, entry) in s_sessions)
        {
            entry.Session.IsDefault = key == id;
        }
    }
}
