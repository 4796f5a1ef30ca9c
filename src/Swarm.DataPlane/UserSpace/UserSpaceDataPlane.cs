using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.DataPlane.UserSpace.Connections;

namespace Swarm.DataPlane.UserSpace;

/// <summary>The path through swarmd itself, for tasks that are processes, without root, and on every system. It accepts connections to published ports and
/// relays them to tasks.</summary>
/// <remarks>A connection ends with swarmd. The task sees the address of the node, not that of the client.</remarks>
public sealed class UserSpaceDataPlane : IDataPlane
{
    private static readonly TimeSpan DrainCheckPeriod = TimeSpan.FromMilliseconds(50);

    private readonly UserSpaceOptions _options;
    private readonly ILogger _logger;
    private readonly Relays _relays;
    private readonly TaskPlaces _places;
    private readonly Dictionary<PortKey, IPublishedPort> _ports = [];
    private readonly Dictionary<string, TaskEndpoint> _attached = new(StringComparer.Ordinal);
    private readonly HashSet<string> _withdrawn = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _applying = new(1);
    private readonly IPAddress[] _listenAddresses;

    /// <exception cref="FormatException">The node's address is none.</exception>
    public UserSpaceDataPlane(UserSpaceOptions options)
    {
        _options = options;
        _logger = options.LoggerFactory.CreateLogger<UserSpaceDataPlane>();
        _relays = new Relays(options.Connections);
        _places = new TaskPlaces(options);
        var own = IPAddress.Parse(options.Address);
        _listenAddresses =
            IPAddress.IsLoopback(own) ? [own]
            : Socket.OSSupportsIPv6 ? [IPAddress.IPv6Any]
            : [IPAddress.Any];
        // Behind an address translation the node has no such address, and nothing can listen on it.
        Capabilities = TaskPlaces.IsOfThisMachine(own) ? [DataPlaneCapabilities.IngressPorts] : [];
    }

    public string Name => "user-space";

    public IReadOnlyList<string> Capabilities { get; }

    public async Task<IReadOnlyList<string>> ApplyAsync(ForwardingTable table, CancellationToken cancellation)
    {
        await _applying.WaitAsync(cancellation);
        try
        {
            var faults = new List<string>();
            var wanted = Wanted(table);
            foreach (var (key, port) in _ports.Where(open => !wanted.ContainsKey(open.Key)).ToList())
            {
                _ports.Remove(key);
                await port.DisposeAsync();
            }
            foreach (var (key, (service, backends)) in wanted)
            {
                if (Open(key, service, faults) is { } port)
                {
                    port.Backends.Replace(backends);
                    port.BackendsChanged();
                }
            }
            ForgetWithdrawn(table);
            if (table.Peers.Count > 0)
            {
                var here = table.Peers.Select(static peer => peer.NodeId).ToHashSet(StringComparer.Ordinal);
                _relays.ResetThoseTo(node => !here.Contains(node));
            }
            return faults;
        }
        finally
        {
            _applying.Release();
        }
    }

    public Task<TaskEndpoint?> AttachAsync(TaskAttachment task, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.Ports.Count == 0)
        {
            return Task.FromResult<TaskEndpoint?>(null);
        }
        var endpoint = _places.Give(task.TaskId, task.Ports, task.Known);
        lock (_attached)
        {
            _attached[task.TaskId] = endpoint;
        }
        return Task.FromResult<TaskEndpoint?>(endpoint);
    }

    public async Task WithdrawAsync(string taskId, CancellationToken cancellation)
    {
        await _applying.WaitAsync(cancellation);
        try
        {
            _withdrawn.Add(taskId);
            foreach (var port in _ports.Values)
            {
                port.Backends.Withdraw(taskId);
                port.BackendsChanged();
            }
        }
        finally
        {
            _applying.Release();
        }
    }

    public async Task DrainAsync(string taskId, IReadOnlyCollection<uint> targets, TimeSpan limit, CancellationToken cancellation)
    {
        var ends = EndsOf(taskId, targets);
        var begin = _options.Time.GetTimestamp();
        try
        {
            while (_options.Time.GetElapsedTime(begin) < limit && TaskConnections.AnyInUse(ends))
            {
                await Task.Delay(DrainCheckPeriod, _options.Time, cancellation);
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            // Without an answer of the system there is nothing to wait for: the task gets its signal, and its grace period.
            _logger.ConnectionsUnknown(taskId, e.Message);
        }
    }

    public Task DetachAsync(string taskId, CancellationToken cancellation)
    {
        lock (_attached)
        {
            _attached.Remove(taskId);
        }
        _places.Release(taskId);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _applying.WaitAsync();
        try
        {
            foreach (var port in _ports.Values)
            {
                await port.DisposeAsync();
            }
            _ports.Clear();
            _relays.Dispose();
            _places.Dispose();
        }
        finally
        {
            _applying.Release();
        }
    }

    private IPEndPoint[] EndsOf(string taskId, IReadOnlyCollection<uint> targets)
    {
        lock (_attached)
        {
            return _attached.TryGetValue(taskId, out var endpoint)
                ?
                [
                    .. targets.Select(target => new IPEndPoint(
                        IPAddress.Parse(endpoint.Address),
                        (int)endpoint.PortFor(target, PortProtocol.Tcp)
                    )),
                ]
                : [];
        }
    }

    /// <summary>A table that came before the node found a task unhealthy may still name it. The task is out until one does not.</summary>
    private void ForgetWithdrawn(ForwardingTable table)
    {
        var named = table.Services.SelectMany(static s => s.Backends).Select(static b => b.TaskId).ToHashSet(StringComparer.Ordinal);
        _withdrawn.RemoveWhere(task => !named.Contains(task));
    }

    private Dictionary<PortKey, (ForwardedService Service, List<Backend> Backends)> Wanted(ForwardingTable table)
    {
        var wanted = new Dictionary<PortKey, (ForwardedService, List<Backend>)>();
        foreach (var service in table.Services)
        {
            foreach (
                var port in service.Ports.Where(static p => p.Mode == PublishMode.Ingress && p.Published is > 0 and <= ushort.MaxValue)
            )
            {
                var backends = service
                    .Backends.Where(backend => !_withdrawn.Contains(backend.TaskId))
                    .Select(backend => BackendFor(backend, port))
                    .OfType<Backend>()
                    .ToList();
                foreach (var address in _listenAddresses)
                {
                    wanted[new PortKey(address, (ushort)port.Published, port.Protocol)] = (service, backends);
                }
            }
        }
        return wanted;
    }

    private static Backend? BackendFor(ForwardingBackend backend, PublishedPort port) =>
        IPAddress.TryParse(backend.Endpoint.Address, out var address)
            ? new Backend(
                backend.TaskId,
                backend.NodeId,
                new IPEndPoint(address, (int)backend.Endpoint.PortFor(port.Target, port.Protocol))
            )
            : null;

    private IPublishedPort? Open(PortKey key, ForwardedService service, List<string> faults)
    {
        if (_ports.TryGetValue(key, out var open))
        {
            return open;
        }
        try
        {
            IPublishedPort port = key.Protocol switch
            {
                PortProtocol.Tcp => new TcpPort(key, _options, _relays),
                PortProtocol.Udp => new UdpPort(key, _options),
                _ => throw new NotSupportedException("the path through swarmd carries TCP and UDP only"),
            };
            _ports[key] = port;
            return port;
        }
        catch (Exception e) when (e is SocketException or NotSupportedException)
        {
            // The port is tried again with each table.
            faults.Add($"Port {key} of service {service.Name} is not open on this node: {Reason(e)}.");
            return null;
        }
    }

    private static string Reason(Exception error) =>
        error switch
        {
            SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => "another process has it",
            SocketException { SocketErrorCode: SocketError.AccessDenied } => "swarmd may not open it",
            SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => "the node has no such address",
            _ => error.Message,
        };
}
