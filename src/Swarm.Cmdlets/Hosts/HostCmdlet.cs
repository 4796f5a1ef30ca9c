using Grpc.Core;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Sessions;
using Swarm.Host.Commands;
using Swarm.Host.Systems;

namespace Swarm.Cmdlets.Hosts;

/// <summary>A cmdlet about hosts: the named or piped nodes, else this machine.</summary>
public abstract class HostCmdlet : SwarmCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Node)]
    [Alias("Id", "NodeId")]
    [ArgumentCompleter(typeof(NodeCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    /// <summary>The future role of a machine that is in no swarm yet.</summary>
    [Parameter]
    public NodeRole? Role { get; set; }

    /// <summary>This machine's name, for use where no node's name is known.</summary>
    private protected static string ThisHost => Environment.MachineName;

    /// <summary>Nodes that are asked at the same time.</summary>
    private const int NodesAtOnce = 16;

    private readonly List<(V1.Node Node, HostWork Work)> _nodes = [];

    /// <summary>Asks one host.</summary>
    /// <param name="node">The node, or null for this machine.</param>
    /// <param name="cancellationToken">Ctrl+C, or an error that ends the command.</param>
    /// <returns>Writes the answer. It is called in the order of the nodes.</returns>
    private protected delegate Task<Func<ValueTask>> HostWork(V1.Node? node, CancellationToken cancellationToken);

    /// <summary>Whether the answers are written only after every node has answered.</summary>
    private protected virtual bool WritesTogether => false;

    /// <summary>Does the work on this machine, or notes it for each named node. The nodes are asked at the same time, once all are known.</summary>
    /// <param name="work">The work on each host.</param>
    /// <param name="cancellationToken">Ctrl+C.</param>
    /// <param name="approve">Asks before; hosts that are not approved are passed over.</param>
    private protected async ValueTask ForEachHostAsync(
        HostWork work,
        CancellationToken cancellationToken,
        Func<V1.Node?, bool>? approve = null
    )
    {
        if (Name is null)
        {
            if (approve?.Invoke(null) != false)
            {
                await (await work(null, cancellationToken))();
            }
            return;
        }
        foreach (var node in await FindNodesAsync(Name, cancellationToken))
        {
            if (approve?.Invoke(node) != false)
            {
                _nodes.Add((node, work));
            }
        }
    }

    /// <summary>Asks the nodes at the same time. A refusal of one node is an error of its own, in its turn, and the others go on.</summary>
    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var room = new SemaphoreSlim(NodesAtOnce);
        var asked = _nodes.ConvertAll(n => AskAsync(n.Node, n.Work, room, ending.Token));
        try
        {
            if (WritesTogether)
            {
                await EndOfAsync(asked);
            }
            foreach (var ((node, _), answer) in _nodes.Zip(asked))
            {
                try
                {
                    var write = await answer;
                    await write();
                }
                catch (RpcException e)
                    when (e.StatusCode is not StatusCode.Cancelled && Errors.ErrorMapper.IdOf(e) is not ("DaemonUnavailable" or "NoLeader"))
                {
                    Report(e, node.Name);
                }
            }
        }
        finally
        {
            // After an error that ends the command, or Ctrl+C, nothing goes on behind it.
            await ending.CancelAsync();
            await EndOfAsync(asked);
        }
    }

    private static async AsyncTask EndOfAsync(IEnumerable<AsyncTask> tasks) =>
        await AsyncTask
            .WhenAll(tasks)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    private static async Task<Func<ValueTask>> AskAsync(
        V1.Node node,
        HostWork work,
        SemaphoreSlim room,
        CancellationToken cancellationToken
    )
    {
        await room.WaitAsync(cancellationToken);
        try
        {
            return await work(node, cancellationToken);
        }
        finally
        {
            room.Release();
        }
    }

    /// <summary>Has the node's swarmd run the command. Without a node, the session's swarmd, this process or this machine's swarmd runs
    /// it.</summary>
    /// <returns>The name of the host, and its answer.</returns>
    /// <exception cref="SwarmException">This machine refused.</exception>
    /// <exception cref="RpcException">A swarmd refused.</exception>
    private protected async Task<(string Host, V1.HostAnswer Answer)> RunAsync(
        V1.Node? node,
        V1.HostCommand command,
        CancellationToken cancellationToken
    )
    {
        if (node is not null || Session is not null)
        {
            return await AskAsync(Client, node?.Id ?? "", command, cancellationToken);
        }
        var system = new LocalSystem();
        if (
            command.CommandCase == V1.HostCommand.CommandOneofCase.Firewall
            && !system.IsAdministrator
            && (OperatingSystem.IsWindows() || File.Exists(SessionTable.LocalSocket))
        )
        {
            try
            {
                return await AskAsync(SessionTable.Local().Client, "", command, cancellationToken);
            }
            catch (RpcException e) when (Errors.ErrorMapper.IdOf(e) == "DaemonUnavailable")
            {
                // The message below says that root is needed.
            }
        }
        // Not on the pipeline's thread, which keeps showing progress and reacts to Ctrl+C.
        var answer = await AsyncTask.Run(
            () => new HostCommands(system, TimeProvider.System).RunAsync(command, cancellationToken),
            cancellationToken
        );
        return answer.Error is { } error
            ? throw new SwarmException(error.ErrorId, error.Message, error.Target, error.Action)
            : (ThisHost, answer);
    }

    private static async Task<(string Host, V1.HostAnswer Answer)> AskAsync(
        V1.ControlClient client,
        string selector,
        V1.HostCommand command,
        CancellationToken cancellationToken
    )
    {
        var response = await client.Daemon.RunHostCommandAsync(
            new V1.RunHostCommandRequest
            {
                RequestId = NewRequestId(),
                Selector = selector,
                Command = command,
            },
            cancellationToken: cancellationToken
        );
        return (response.NodeName.Length > 0 ? response.NodeName : ThisHost, response.Answer);
    }
}
