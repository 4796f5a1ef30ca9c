using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.DataPlane;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent.Forwarding;

/// <summary>Keeps the node's data plane at the table that the managers send. The table stays in force while no manager is there.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A cancellation source without a timer holds nothing.")]
internal sealed partial class NodeForwarding : IAsyncDisposable
{
    private readonly IDataPlane _plane;
    private readonly ILogger _logger;

    /// <summary>Only the newest table counts: with several waiting, the older ones are passed over.</summary>
    private readonly Channel<(ForwardingTable Table, Action<ulong> Acknowledge)> _tables = Channel.CreateBounded<(
        ForwardingTable,
        Action<ulong>
    )>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _applying;
    private Dictionary<string, ForwardingPeer> _peers = new(StringComparer.Ordinal);
    private Dictionary<string, ForwardedService> _services = new(StringComparer.Ordinal);
    private Dictionary<string, ForwardedNetwork> _networks = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _faults = [];

    public NodeForwarding(IDataPlane plane, ILogger logger)
    {
        (_plane, _logger) = (plane, logger);
        _applying = Task.Run(ApplyAsync);
    }

    /// <summary>Sentences for the administrator about parts of the present table that are not in force.</summary>
    public IReadOnlyList<string> Faults => Volatile.Read(ref _faults);

    /// <summary>Raised when <see cref="Faults"/> has changed.</summary>
    public event Action? FaultsChanged;

    /// <summary>Takes a manager's update. Called by one session at a time.</summary>
    /// <param name="update">Objects come whole. The rest of it follows when it says so.</param>
    /// <param name="acknowledge">Called with the revision once the table is in force; from another thread.</param>
    /// <exception cref="Core.Errors.SwarmException">The update has a transport that this version does not know.</exception>
    public void Receive(V1.ForwardingUpdate update, Action<ulong> acknowledge)
    {
        if (update.Complete)
        {
            _peers = new(StringComparer.Ordinal);
            _services = new(StringComparer.Ordinal);
            _networks = new(StringComparer.Ordinal);
        }
        foreach (var peer in update.Peers.Select(ForwardingMapping.FromWire))
        {
            _peers[peer.NodeId] = peer;
        }
        foreach (var service in update.Services.Select(ForwardingMapping.FromWire))
        {
            _services[service.ServiceId] = service;
        }
        foreach (var network in update.Networks.Select(ForwardingMapping.FromWire))
        {
            _networks[network.NetworkId] = network;
        }
        foreach (var id in update.RemovedPeers)
        {
            _peers.Remove(id);
        }
        foreach (var id in update.RemovedServices)
        {
            _services.Remove(id);
        }
        foreach (var id in update.RemovedNetworks)
        {
            _networks.Remove(id);
        }
        if (update.More)
        {
            return;
        }
        var table = new ForwardingTable
        {
            Revision = update.Revision,
            Peers = _peers.Values.OrderBy(static p => p.NodeId, StringComparer.Ordinal).ToValueList(),
            Services = _services.Values.OrderBy(static s => s.ServiceId, StringComparer.Ordinal).ToValueList(),
            Networks = _networks.Values.OrderBy(static n => n.NetworkId, StringComparer.Ordinal).ToValueList(),
        };
        _tables.Writer.TryWrite((table, acknowledge));
    }

    public async ValueTask DisposeAsync()
    {
        // The token source is not disposed: an agent is stopped more than once, and it holds no resources.
        await _stopping.CancelAsync();
        await _applying;
    }

    private async Task ApplyAsync()
    {
        try
        {
            await foreach (var (table, acknowledge) in _tables.Reader.ReadAllAsync(_stopping.Token))
            {
                try
                {
                    Report(await _plane.ApplyAsync(table, _stopping.Token));
                    acknowledge(table.Revision);
                }
#pragma warning disable CA1031 // The next table is tried, whatever was wrong with this one; without an acknowledgement the managers know.
                catch (Exception e) when (!_stopping.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    LogNotForwarding(_logger, table.Revision, e);
                    Report([$"The node does not forward connections as it should: {e.Message}"]);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // swarmd stops.
        }
    }

    private void Report(IReadOnlyList<string> faults)
    {
        if (faults.SequenceEqual(Faults, StringComparer.Ordinal))
        {
            return;
        }
        Volatile.Write(ref _faults, faults);
        foreach (var fault in faults)
        {
            LogFault(_logger, fault);
        }
        FaultsChanged?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The forwarding table of revision {Revision} is not in force.")]
    private static partial void LogNotForwarding(ILogger logger, ulong revision, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Fault}")]
    private static partial void LogFault(ILogger logger, string fault);
}
