using System.Net;
using Swarm.Core.Errors;

namespace Swarm.Core.Allocation;

/// <summary>The addresses of a network's subnet. Addresses are used again as late as possible, see <see cref="NumberPool"/>.</summary>
/// <remarks>
/// The network's own address is never given, nor is an IPv4 subnet's broadcast address, nor the gateway. In blocks of one or two addresses all are
/// given (RFC 3021). Of a block with more than 2^24 addresses, the first 2^24 are given by turn, and each of them by name.
/// </remarks>
public sealed class AddressPool
{
    private readonly AddressBlock _range;
    private readonly NumberPool _numbers;
    private readonly HashSet<UInt128> _outside = [];

    /// <param name="subnet">The network's subnet.</param>
    /// <param name="range">The part of the subnet from which addresses are given by turn; null: all of it.</param>
    /// <param name="gateway">The gateway's address; null: the subnet's first address that can be given.</param>
    /// <exception cref="SwarmException">InvalidIpRange, InvalidGateway: not in the subnet. SubnetTooSmall: nothing is left for a task.</exception>
    public AddressPool(AddressBlock subnet, AddressBlock? range = null, IPAddress? gateway = null)
        : this(subnet, range, gateway, null, []) { }

    private AddressPool(
        AddressBlock subnet,
        AddressBlock? range,
        IPAddress? gateway,
        NumberPoolOrder? order,
        IReadOnlyCollection<IPAddress> held
    )
    {
        Subnet = subnet;
        _range = range ?? subnet;
        if (!subnet.Contains(_range))
        {
            throw Refuse(
                "InvalidIpRange",
                $"The range {_range} is not in the subnet {subnet}.",
                $"{_range}",
                "Give a range within the subnet."
            );
        }
        Gateway = gateway ?? subnet.AddressOf(HasEnds ? subnet.First + 1 : subnet.First);
        if (!subnet.Contains(Gateway) || IsEnd(AddressBlock.NumberOf(Gateway)))
        {
            throw Refuse(
                "InvalidGateway",
                $"{Gateway} is not the address of a host in the subnet {subnet}.",
                $"{Gateway}",
                $"Give one, such as {subnet.AddressOf(HasEnds ? subnet.First + 1 : subnet.First)}, or leave the gateway out."
            );
        }
        var count = _range.HostBits >= 24 ? NumberPool.LargestCount : 1 << _range.HostBits;
        var reserved = Reserved().Select(NumberIn).Where(n => n >= 0).Distinct().ToList();
        if (reserved.Count >= count)
        {
            throw Refuse("SubnetTooSmall", $"{_range} has no address for a task.", $"{_range}", "Give a larger subnet or range.");
        }
        Capacity = count - reserved.Count;
        _numbers = NumberPool.Restore(
            count,
            order ?? NumberPoolOrder.New,
            reserved.Concat(held.Select(AddressBlock.NumberOf).Select(NumberIn).Where(n => n >= 0))
        );
        _outside.UnionWith(held.Where(subnet.Contains).Select(AddressBlock.NumberOf).Where(n => NumberIn(n) < 0 && !IsReserved(n)));
    }

    public AddressBlock Subnet { get; }

    public IPAddress Gateway { get; }

    /// <summary>How many addresses are given by turn.</summary>
    public int Capacity { get; }

    /// <summary>How many of these are free.</summary>
    public int Free => _numbers.Count - _numbers.Held;

    private bool HasEnds => Subnet.HostBits >= 2;

    /// <summary>A pool in which the given addresses are held, and the free ones come in the captured order. Parameters as in the constructor.</summary>
    /// <param name="order">The order that <see cref="Capture"/> gave.</param>
    /// <param name="held">The addresses of the network's tasks and services.</param>
    /// <exception cref="SwarmException">As the constructor.</exception>
    public static AddressPool Restore(
        AddressBlock subnet,
        AddressBlock? range,
        IPAddress? gateway,
        NumberPoolOrder order,
        IReadOnlyCollection<IPAddress> held
    ) => new(subnet, range, gateway, order, held);

    /// <summary>Gives the address that nobody has had for the longest time.</summary>
    /// <returns>Null: all are held.</returns>
    public IPAddress? Take() => _numbers.TryTake(out var number) ? Subnet.AddressOf(_range.First + (uint)number) : null;

    /// <summary>Gives a certain address of the subnet, also one outside of the range.</summary>
    /// <returns>False: it is held or reserved, or not in the subnet.</returns>
    public bool TryTake(IPAddress address) =>
        PlaceOf(address) is var (value, number) && (number >= 0 ? _numbers.TryTake(number) : !IsReserved(value) && _outside.Add(value));

    /// <summary>Gives an address back.</summary>
    /// <returns>False: nobody holds it, or it is reserved.</returns>
    public bool Return(IPAddress address) =>
        PlaceOf(address) is var (value, number) && (number >= 0 ? !IsReserved(value) && _numbers.Return(number) : _outside.Remove(value));

    /// <summary>Whether a task or service holds the address.</summary>
    public bool IsHeld(IPAddress address) =>
        PlaceOf(address) is var (value, number) && (number >= 0 ? !IsReserved(value) && _numbers.IsHeld(number) : _outside.Contains(value));

    /// <summary>The order of the free addresses, for <see cref="Restore"/>.</summary>
    public NumberPoolOrder Capture() => _numbers.Capture();

    /// <summary>An address as a number, and its place in the range, see <see cref="NumberIn"/>. Null: it is not in the subnet.</summary>
    private (UInt128 Value, int Number)? PlaceOf(IPAddress address)
    {
        if (!Subnet.Contains(address))
        {
            return null;
        }
        var value = AddressBlock.NumberOf(address);
        return (value, NumberIn(value));
    }

    /// <summary>The place of an address in the range; -1: it is not given by turn.</summary>
    private int NumberIn(UInt128 address) =>
        address >= _range.First && address <= _range.Last && address - _range.First < NumberPool.LargestCount
            ? (int)(address - _range.First)
            : -1;

    private bool IsReserved(UInt128 address) => IsEnd(address) || address == AddressBlock.NumberOf(Gateway);

    /// <summary>The network's own address, and the broadcast address of IPv4.</summary>
    private bool IsEnd(UInt128 address) => HasEnds && (address == Subnet.First || (!Subnet.IsIPv6 && address == Subnet.Last));

    private IEnumerable<UInt128> Reserved()
    {
        yield return AddressBlock.NumberOf(Gateway);
        if (HasEnds)
        {
            yield return Subnet.First;
            if (!Subnet.IsIPv6)
            {
                yield return Subnet.Last;
            }
        }
    }

    private static SwarmException Refuse(string id, string message, string target, string action) =>
        new(SwarmErrorKind.InvalidArgument, id, message, target, action);
}
