using System.Net.Sockets;
using Grpc.Core;
using Swarm.Cmdlets.Errors;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Starts and stops a sandbox.</summary>
internal static class SandboxLauncher
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>Whether a container engine answers on this machine.</summary>
    public static async Task<bool> EngineAnswersAsync(CancellationToken cancellationToken)
    {
        var host = Environment.GetEnvironmentVariable("DOCKER_HOST");
        var path = host is { Length: > 0 } && host.StartsWith("unix://", StringComparison.Ordinal) ? host[7..] : "/var/run/docker.sock";
        if (!File.Exists(path))
        {
            return false;
        }
        using var http = new HttpClient(
            new SocketsHttpHandler
            {
                ConnectCallback = async (_, token) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        )
        {
            Timeout = TimeSpan.FromSeconds(3),
        };
        try
        {
            using var answer = await http.GetAsync(new Uri("http://localhost/_ping"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e)
            when (e is HttpRequestException or SocketException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return false;
        }
    }

    /// <exception cref="SwarmException">SandboxStartFailed, with the end of the daemon's log.</exception>
    public static async AsyncTask StartAsync(Sandbox sandbox, bool swarm, Action<string> progress, CancellationToken cancellationToken)
    {
        foreach (var node in sandbox.Nodes)
        {
            CreatePrivate(node.StateDirectory);
            DaemonProcess.Start(node);
            node.Running = true;
            SandboxStore.Save(sandbox);
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        var current = sandbox.Nodes[0];
        try
        {
            foreach (var node in sandbox.Nodes)
            {
                current = node;
                progress($"Starting {node.Name}");
                await ReadyAsync(node, limit.Token);
            }
            if (swarm)
            {
                current = sandbox.Nodes[0];
                progress("Initializing the swarm");
                await FormSwarmAsync(sandbox, progress, limit.Token);
            }
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            throw Failed(current, ErrorMapper.ToRecord(e).Exception.Message);
        }
        catch (Exception e) when (IsCancelled(e) && !cancellationToken.IsCancellationRequested)
        {
            throw Failed(current, $"It was not ready after {Display.Duration(StartLimit)}.");
        }
        SandboxStore.Save(sandbox);
    }

    /// <summary>Removes tasks, daemons and files. Returns what could not be removed.</summary>
    public static async Task<IReadOnlyList<string>> StopAsync(Sandbox sandbox, Action<string> progress, CancellationToken cancellationToken)
    {
        List<string> left = [];
        // Workers leave first: the swarm ends with its last manager.
        var nodes = sandbox.Nodes.Reverse().ToArray();
        foreach (var node in nodes)
        {
            progress($"Stopping {node.Name}");
            await LeaveAsync(sandbox, node, cancellationToken);
        }
        // The processes are listed now as well: a daemon's own session identifies them only as long as the daemon lives.
        var started = SandboxProcesses.Of(sandbox);
        foreach (var node in nodes)
        {
            if (!await DaemonProcess.StopAsync(node, TimeSpan.FromSeconds(10), cancellationToken))
            {
                left.Add($"process {node.ProcessId} of {node.Name}");
            }
        }
        // All are ended at the same time, because each may need the whole grace period.
        var outlived = started.Concat(SandboxProcesses.Of(sandbox)).Distinct().ToList();
        var ended = await AsyncTask.WhenAll(outlived.Select(p => DaemonProcess.StopAsync(p, TimeSpan.FromSeconds(2), cancellationToken)));
        left.AddRange(outlived.Where((_, i) => !ended[i]).Select(p => $"process {p.Pid}"));
        try
        {
            if (Directory.Exists(sandbox.Path))
            {
                Directory.Delete(sandbox.Path, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            left.Add($"{sandbox.Path} ({e.Message})");
        }
        if (left.Count == 0)
        {
            SandboxStore.Delete(sandbox.Name);
        }
        return left;
    }

    private static async AsyncTask FormSwarmAsync(Sandbox sandbox, Action<string> progress, CancellationToken cancellationToken)
    {
        var manager = sandbox.Nodes[0];
        using var connection = Connection.OpenSocket(manager.Socket);
        var made = await connection.Client.Membership.InitSwarmAsync(
            new V1.InitSwarmRequest
            {
                RequestId = Guid.NewGuid().ToString("n"),
                AdvertiseAddress = manager.Address,
                ListenAddress = manager.Address,
            },
            cancellationToken: cancellationToken
        );
        sandbox.ClusterId = made.ClusterId;
        sandbox.ManagerAddress = made.Tokens.ManagerAddress.Length > 0 ? made.Tokens.ManagerAddress : manager.Address;
        manager.NodeId = made.NodeId;
        progress("Joining the workers");
        await AsyncTask.WhenAll(
            sandbox.Nodes.Skip(1).Select(n => JoinAsync(n, made.Tokens.Worker, sandbox.ManagerAddress, cancellationToken))
        );
        progress("Waiting for the nodes");
        await NodesReadyAsync(connection, sandbox.Nodes.Length, cancellationToken);
    }

    private static async AsyncTask JoinAsync(SandboxNode node, string token, string managerAddress, CancellationToken cancellationToken)
    {
        using var connection = Connection.OpenSocket(node.Socket);
        try
        {
            var joined = await connection.Client.Membership.JoinSwarmAsync(
                new V1.JoinSwarmRequest
                {
                    RequestId = Guid.NewGuid().ToString("n"),
                    Token = token,
                    RemoteAddresses = { managerAddress },
                    AdvertiseAddress = node.Address,
                    ListenAddress = node.Address,
                },
                cancellationToken: cancellationToken
            );
            node.NodeId = joined.NodeId;
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            throw Failed(node, ErrorMapper.ToRecord(e).Exception.Message);
        }
    }

    private static async AsyncTask NodesReadyAsync(Connection manager, int count, CancellationToken cancellationToken)
    {
        for (var ready = 0; ready < count; )
        {
            ready = 0;
            using var call = manager.Client.Nodes.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken);
            await foreach (var node in call.ResponseStream.ReadAllAsync(cancellationToken))
            {
                ready += node.State == V1.NodeState.Ready ? 1 : 0;
            }
            if (ready < count)
            {
                await AsyncTask.Delay(PollInterval, cancellationToken);
            }
        }
    }

    private static async AsyncTask ReadyAsync(SandboxNode node, CancellationToken cancellationToken)
    {
        using var connection = Connection.OpenSocket(node.Socket);
        while (true)
        {
            try
            {
                await connection.Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: cancellationToken);
                return;
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal)
            {
                if (!DaemonProcess.IsAlive(node))
                {
                    throw Failed(node, "It ended at once.");
                }
            }
            await AsyncTask.Delay(PollInterval, cancellationToken);
        }
    }

    // Leaving stops a node's tasks. A killed daemon is started once more to leave, because its tasks may still run.
    private static async AsyncTask LeaveAsync(Sandbox sandbox, SandboxNode node, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LeaveLimit);
        try
        {
            if (!DaemonProcess.IsAlive(node))
            {
                if (node.NodeId.Length == 0 || !Directory.Exists(node.StateDirectory))
                {
                    return;
                }
                DaemonProcess.Start(node);
                SandboxStore.Save(sandbox);
                await ReadyAsync(node, limit.Token);
            }
            using var connection = Connection.OpenSocket(node.Socket);
            var daemon = await connection.Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: limit.Token);
            if (daemon.State != V1.LocalNodeState.Inactive)
            {
                await connection.Client.Membership.LeaveSwarmAsync(
                    new V1.LeaveSwarmRequest { RequestId = Guid.NewGuid().ToString("n"), Force = true },
                    cancellationToken: limit.Token
                );
            }
        }
        catch (Exception e)
            when (e is RpcException or SwarmException or IOException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            // The daemon and its remaining processes are killed next.
        }
    }

    /// <summary>A state directory that others could read would be a warning in the daemon's log.</summary>
    private static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static bool IsCancelled(Exception exception) =>
        exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };

    private static SwarmException Failed(SandboxNode node, string why)
    {
        var tail = "";
        try
        {
            tail = string.Concat(File.ReadLines(node.LogPath).TakeLast(20).Select(line => "\n  " + line));
        }
        catch (IOException)
        {
            // The file does not exist.
        }
        return new SwarmException(
            "SandboxStartFailed",
            $"swarmd of {node.Name} did not start. {why}{(tail.Length > 0 ? $"\n  Its log ends:{tail}" : " Its log is empty.")}",
            node.Name,
            ""
        );
    }
}
