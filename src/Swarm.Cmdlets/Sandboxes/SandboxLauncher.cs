using System.Net.Sockets;
using Grpc.Core;
using Swarm.Cmdlets.Errors;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Starts and stops a sandbox.</summary>
internal static class SandboxLauncher
{
    /// <summary>A node of a swarm has it in its state directory: MembershipStore.RecordFile of swarmd.</summary>
    private const string MembershipFile = "node.json";

    /// <summary>The longest silence of a daemon that is to leave. A daemon on a loaded machine answers later than usual, and one that hangs
    /// never.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(250);

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

    /// <summary>Starts the daemons, and makes a swarm of them. Waits as long as their processes live.</summary>
    /// <exception cref="SwarmException">SandboxStartFailed, with the end of the daemon's log.</exception>
    public static async AsyncTask StartAsync(Sandbox sandbox, bool swarm, DaemonWait wait, CancellationToken cancellationToken)
    {
        foreach (var node in sandbox.Nodes)
        {
            CreatePrivate(node.StateDirectory);
            DaemonProcess.Start(node);
            node.Running = true;
            SandboxStore.Save(sandbox);
        }
        try
        {
            await wait.RunAsync(
                async token =>
                {
                    foreach (var node in sandbox.Nodes)
                    {
                        wait.Begin($"Starting {node.Name}");
                        using var connection = Connection.OpenSocket(node.Socket);
                        await wait.AskAsync(
                            () =>
                                connection.Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: token).ResponseAsync,
                            token
                        );
                    }
                    if (swarm)
                    {
                        await FormSwarmAsync(sandbox, wait, token);
                    }
                },
                cancellationToken
            );
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            throw Failed(sandbox.Nodes[0], ErrorMapper.ToRecord(e).Exception.Message);
        }
        SandboxStore.Save(sandbox);
    }

    /// <summary>Ends the daemons of a sandbox whose start failed or was given up, and removes the files. It has no tasks yet.</summary>
    public static async AsyncTask AbandonAsync(Sandbox sandbox) => await EndAsync(sandbox, CancellationToken.None);

    /// <summary>Removes tasks, daemons and files. Returns what could not be removed.</summary>
    public static async Task<IReadOnlyList<string>> StopAsync(Sandbox sandbox, Action<string> progress, CancellationToken cancellationToken)
    {
        // Workers leave first: the swarm ends with its last manager.
        foreach (var node in sandbox.Nodes.Reverse())
        {
            progress($"Stopping {node.Name}");
            await LeaveAsync(sandbox, node, cancellationToken);
        }
        return await EndAsync(sandbox, cancellationToken);
    }

    private static async Task<IReadOnlyList<string>> EndAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        List<string> left = [];
        var nodes = sandbox.Nodes.Reverse().ToArray();
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

    private static async AsyncTask FormSwarmAsync(Sandbox sandbox, DaemonWait wait, CancellationToken cancellationToken)
    {
        var manager = sandbox.Nodes[0];
        using var connection = Connection.OpenSocket(manager.Socket);
        wait.Begin("Initializing the swarm");
        // A repetition has the same id, so that it is answered from what the first attempt has done.
        var init = new V1.InitSwarmRequest
        {
            RequestId = Guid.NewGuid().ToString("n"),
            AdvertiseAddress = manager.Address,
            ListenAddress = manager.Address,
        };
        var made = await wait.AskAsync(
            () => connection.Client.Membership.InitSwarmAsync(init, cancellationToken: cancellationToken).ResponseAsync,
            cancellationToken
        );
        sandbox.ClusterId = made.ClusterId;
        sandbox.ManagerAddress = made.Tokens.ManagerAddress.Length > 0 ? made.Tokens.ManagerAddress : manager.Address;
        manager.NodeId = made.NodeId;
        wait.Begin("Joining the workers");
        await AsyncTask.WhenAll(
            sandbox.Nodes.Skip(1).Select(n => JoinAsync(n, made.Tokens.Worker, sandbox.ManagerAddress, wait, cancellationToken))
        );
        wait.Begin("Waiting for the nodes");
        while (await wait.AskAsync(() => CountReadyAsync(connection, cancellationToken), cancellationToken) < sandbox.Nodes.Length)
        {
            await wait.PauseAsync(cancellationToken);
        }
    }

    private static async AsyncTask JoinAsync(
        SandboxNode node,
        string token,
        string managerAddress,
        DaemonWait wait,
        CancellationToken cancellationToken
    )
    {
        using var connection = Connection.OpenSocket(node.Socket);
        var join = new V1.JoinSwarmRequest
        {
            RequestId = Guid.NewGuid().ToString("n"),
            Token = token,
            RemoteAddresses = { managerAddress },
            AdvertiseAddress = node.Address,
            ListenAddress = node.Address,
        };
        try
        {
            var joined = await wait.AskAsync(
                () => connection.Client.Membership.JoinSwarmAsync(join, cancellationToken: cancellationToken).ResponseAsync,
                cancellationToken
            );
            node.NodeId = joined.NodeId;
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            throw Failed(node, ErrorMapper.ToRecord(e).Exception.Message);
        }
    }

    private static async Task<int> CountReadyAsync(Connection manager, CancellationToken cancellationToken)
    {
        var ready = 0;
        using var call = manager.Client.Nodes.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken);
        await foreach (var node in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            ready += node.State == V1.NodeState.Ready ? 1 : 0;
        }
        return ready;
    }

    // Leaving stops a node's tasks. A killed daemon is started once more to leave, because its tasks may still run.
    private static async AsyncTask LeaveAsync(Sandbox sandbox, SandboxNode node, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var wasAlive = DaemonProcess.IsAlive(node);
            if (!wasAlive)
            {
                // The user may have made the swarm: then the sandbox's own record does not know of it.
                if (!File.Exists(Path.Combine(node.StateDirectory, MembershipFile)))
                {
                    return;
                }
                DaemonProcess.Start(node);
                SandboxStore.Save(sandbox);
            }
            using var connection = Connection.OpenSocket(node.Socket);
            silence.CancelAfter(LongestSilence);
            var daemon = wasAlive
                ? await connection.Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: silence.Token)
                : await FirstAnswerAsync(connection, node, silence.Token);
            if (daemon.State == V1.LocalNodeState.Inactive)
            {
                return;
            }
            using var leaving = connection.Client.Membership.LeaveSwarmAsync(
                new V1.LeaveSwarmRequest { RequestId = Guid.NewGuid().ToString("n"), Force = true },
                cancellationToken: silence.Token
            );
            // It ends its tasks, which takes their grace periods and more on a loaded machine. As long as it answers, it is at work.
            while (await AsyncTask.WhenAny(leaving.ResponseAsync, AsyncTask.Delay(AskInterval, silence.Token)) != leaving.ResponseAsync)
            {
                await connection.Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: silence.Token);
                silence.CancelAfter(LongestSilence);
            }
            await leaving.ResponseAsync;
        }
        catch (Exception e)
            when (e is RpcException or SwarmException or IOException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            // The daemon and its remaining processes are killed next.
        }
    }

    private static async Task<V1.DaemonInfo> FirstAnswerAsync(Connection connection, SandboxNode node, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await connection.Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: cancellationToken);
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal)
            {
                if (!DaemonProcess.IsAlive(node))
                {
                    throw Failed(node, "Its process ended.");
                }
            }
            await AsyncTask.Delay(AskInterval, cancellationToken);
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

    internal static SwarmException Failed(SandboxNode node, string why)
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
