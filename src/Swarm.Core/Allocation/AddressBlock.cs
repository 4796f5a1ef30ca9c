using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Swarm.Core.Errors;
using Swarm.Core.Model;

namespace Swarm.Core.Allocation;

/// <summary>A block of addresses in CIDR notation, such as <c>10.0.1.0/24</c> or <c>fd00:1::/64</c>. Its bits behind the prefix are zero.</summary>
public readonly record struct AddressBlock : IComparable<AddressBlock>
{
    private const int BitsOfIPv4 = 32;
    private const int BitsOfIPv6 = 128;

    private AddressBlock(UInt128 first, int prefixLength, bool isIPv6)
    {
        First = first;
        PrefixLength = prefixLength;
        IsIPv6 = isIPv6;
    }

    /// <summary>The first address as a number; an IPv4 address is below 2^32.</summary>
    public UInt128 First { get; }

    /// <summary>0 to 32 for IPv4, 0 to 128 for IPv6.</summary>
    public int PrefixLength { get; }

    public bool IsIPv6 { get; }

    /// <summary>The bits that tell the block's addresses apart: 8 for a /24 of IPv4.</summary>
    public int HostBits => (IsIPv6 ? BitsOfIPv6 : BitsOfIPv4) - PrefixLength;

    /// <summary>The last address as a number.</summary>
    public UInt128 Last => First | MaskOfHost(HostBits);

    /// <summary>Reads <c>ADDRESS/PREFIXLENGTH</c>.</summary>
    /// <exception cref="SwarmException">InvalidSubnet: the text is no block, or its address has bits behind the prefix. The engine refuses these as well.</exception>
    public static AddressBlock Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (
            slash < 0
            || !IpText.TryParse(text[..slash], out var address)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > BitsOf(address)
        )
        {
            throw Refuse($"'{VisibleText.Of(text)}' is not a subnet.", text, "Give an address and a prefix length: 10.0.1.0/24.");
        }
        var number = NumberOf(address);
        var block = new AddressBlock(
            number & ~MaskOfHost(BitsOf(address) - length),
            length,
            address.AddressFamily == AddressFamily.InterNetworkV6
        );
        return block.First == number
            ? block
            : throw Refuse($"{text} is not a subnet: its address has bits behind the prefix.", text, $"Use {block}.");
    }

    /// <summary>The block of a given size at an address.</summary>
    /// <param name="first">Bits behind the prefix are cleared.</param>
    /// <param name="prefixLength">0 to 32 for IPv4, 0 to 128 for IPv6.</param>
    /// <param name="isIPv6">The family of the address.</param>
    public static AddressBlock At(UInt128 first, int prefixLength, bool isIPv6)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(prefixLength);
        var bits = isIPv6 ? BitsOfIPv6 : BitsOfIPv4;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefixLength, bits);
        return new(first & ~MaskOfHost(bits - prefixLength), prefixLength, isIPv6);
    }

    /// <summary>An address as a number.</summary>
    public static UInt128 NumberOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[BitsOfIPv6 / 8];
        address.TryWriteBytes(bytes, out var written);
        return written == sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>An address of this block's family.</summary>
    public IPAddress AddressOf(UInt128 number)
    {
        Span<byte> bytes = stackalloc byte[BitsOfIPv6 / 8];
        if (!IsIPv6)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)number);
            return new IPAddress(bytes[..sizeof(uint)]);
        }
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(bytes);
    }

    /// <summary>Whether the address is of this family and in this block.</summary>
    public bool Contains(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return (address.AddressFamily == AddressFamily.InterNetworkV6) == IsIPv6 && Contains(NumberOf(address));
    }

    /// <summary>Whether every address of the other block is in this one.</summary>
    public bool Contains(AddressBlock other) => IsIPv6 == other.IsIPv6 && First <= other.First && other.Last <= Last;

    /// <summary>Whether an address is in both blocks.</summary>
    public bool Overlaps(AddressBlock other) => IsIPv6 == other.IsIPv6 && First <= other.Last && other.First <= Last;

    /// <summary>IPv4 before IPv6, then by the first address, then the larger block first.</summary>
    public int CompareTo(AddressBlock other)
    {
        var order = IsIPv6.CompareTo(other.IsIPv6);
        order = order != 0 ? order : First.CompareTo(other.First);
        return order != 0 ? order : PrefixLength.CompareTo(other.PrefixLength);
    }

    public static bool operator <(AddressBlock left, AddressBlock right) => left.CompareTo(right) < 0;

    public static bool operator <=(AddressBlock left, AddressBlock right) => left.CompareTo(right) <= 0;

    public static bool operator >(AddressBlock left, AddressBlock right) => left.CompareTo(right) > 0;

    public static bool operator >=(AddressBlock left, AddressBlock right) => left.CompareTo(right) >= 0;

    /// <summary>CIDR notation.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{AddressOf(First)}/{PrefixLength}");

    private bool Contains(UInt128 number) => First <= number && number <= Last;

    private static int BitsOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? BitsOfIPv6 : BitsOfIPv4;

    private static UInt128 MaskOfHost(int hostBits) => hostBits == BitsOfIPv6 ? UInt128.MaxValue : (UInt128.One << hostBits) - 1;

    private static SwarmException Refuse(string message, string target, string action) =>
        new(SwarmErrorKind.InvalidArgument, "InvalidSubnet", message, target, action);
}
