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

    /// <summary>Calls <paramref name="each"/> for every host. A host's error is an error record of its own, and the others go on.</summary>
    /// <param name="each">Gets the node, or null for this machine.</param>
    /// <param name="cancellationToken">Ctrl+C.</param>
    private protected async ValueTask ForEachHostAsync(Func<V1.Node?, ValueTask> each, CancellationToken cancellationToken)
    {
        if (Name is null)
        {
            await each(null);
            return;
        }
        foreach (var node in await FindNodesAsync(Name, cancellationToken))
        {
            try
            {
                await each(node);
            }
            catch (RpcException e)
                when (e.StatusCode is not StatusCode.Cancelled && Errors.ErrorMapper.IdOf(e) is not ("DaemonUnavailable" or "NoLeader"))
            {
                Report(e, node.Name);
            }
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
        V1.Control.ControlClient client,
        string selector,
        V1.HostCommand command,
        CancellationToken cancellationToken
    )
    {
        var response = await client.RunHostCommandAsync(
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
