using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Swarm.Core.Model;

namespace Swarm.Core.Constraints;

/// <summary>Reads <c>key == value</c> and <c>key != value</c>, keeping track of columns.</summary>
internal static class ConstraintParser
{
    internal const string NodeLabelPrefix = "node.labels.";
    internal const string EngineLabelPrefix = "engine.labels.";

    private const string KnownKeys =
        "node.id, node.hostname, node.role, node.ip, node.platform.os, node.platform.arch, node.labels.<name> or engine.labels.<name>";

    /// <summary>Bits before the IPv4 address in its IPv6 form, ::ffff:10.0.0.5. Source: RFC 4291, section 2.5.5.2.</summary>
    private const int MappedPrefix = 96;

    // Source: valuePattern in moby/swarmkit manager/constraint/constraint.go.
    private const string ValueSymbols = ":-_.*()?+[]\\^$|/";

    public static bool TryParse(
        string expression,
        [NotNullWhen(true)] out Constraint? constraint,
        [NotNullWhen(false)] out ConstraintSyntaxException? error,
        bool isStored = false
    )
    {
        ArgumentNullException.ThrowIfNull(expression);
        constraint = null;
        if (!TryReadKey(expression, out var keyStart, out var keyEnd, out error))
        {
            return false;
        }
        if (!TryReadOperator(expression, keyEnd, out var @operator, out var afterOperator, out error))
        {
            return false;
        }
        if (!TryReadValue(expression, afterOperator, out var valueStart, out var value, out error))
        {
            return false;
        }
        if (!TryReadAttribute(expression, keyStart, keyEnd, out var attribute, out var label, out error))
        {
            return false;
        }
        var text = string.Concat(
            expression.AsSpan(keyStart, keyEnd - keyStart),
            @operator == ConstraintOperator.Equal ? "==" : "!=",
            value
        );
        if (attribute == ConstraintAttribute.Role && !IsRole(value))
        {
            error = Error(expression, valueStart, $"'{value}' is not a role; expected manager or worker");
            return false;
        }
        if (attribute != ConstraintAttribute.Ip)
        {
            constraint = new Constraint(attribute, label, @operator, value, text);
            return true;
        }
        if (!TryReadAddress(value, isStored, out var address, out var subnet))
        {
            error = Error(
                expression,
                valueStart,
                $"'{value}' is not an address; expected one such as 10.0.0.5 or 2001:db8::5, or a subnet such as 10.0.0.0/16 (no leading zeros, no hexadecimal, no brackets)"
            );
            return false;
        }
        constraint = new Constraint(attribute, label, @operator, value, text, address, subnet);
        return true;
    }

    // People and editors count columns from 1.
    internal static ConstraintSyntaxException Error(string expression, int position, string problem) =>
        new($"'{expression}', column {position + 1}: {problem}.", expression, position);

    internal static bool IsKeyCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';

    private static bool TryReadKey(string expression, out int start, out int end, [NotNullWhen(false)] out ConstraintSyntaxException? error)
    {
        start = SkipSpace(expression, 0);
        end = start;
        if (start < expression.Length && !char.IsAsciiLetter(expression[start]) && expression[start] != '_')
        {
            var expected = expression[start] is '=' or '!' ? "there is no key" : $"'{expression[start]}' cannot begin a key";
            error = Error(expression, start, $"{expected}; expected {KnownKeys}");
            return false;
        }
        while (end < expression.Length && IsKeyCharacter(expression[end]))
        {
            end++;
        }
        error = end == start ? Error(expression, start, $"there is no key; expected {KnownKeys}") : null;
        return error is null;
    }

    private static bool TryReadOperator(
        string expression,
        int keyEnd,
        out ConstraintOperator @operator,
        out int after,
        [NotNullWhen(false)] out ConstraintSyntaxException? error
    )
    {
        var start = SkipSpace(expression, keyEnd);
        var rest = expression.AsSpan(start);
        @operator = rest.StartsWith("!=") ? ConstraintOperator.NotEqual : ConstraintOperator.Equal;
        after = start + 2;
        error = null;
        if (rest.StartsWith("==") || rest.StartsWith("!="))
        {
            return true;
        }
        error = rest switch
        {
            [] => Error(expression, expression.Length, "there is no operator; expected == or !="),
            ['=', ..] => Error(expression, start, "'=' alone is not an operator; expected == or !="),
            ['!', ..] => Error(expression, start, "'!' alone is not an operator; expected == or !="),
            _ when start == keyEnd => Error(
                expression,
                start,
                $"'{rest[0]}' cannot be part of a key; expected a letter, a digit, '-', '_', '.', or an operator (== or !=)"
            ),
            _ => Error(expression, start, $"'{rest[0]}' is not an operator; expected == or !="),
        };
        return false;
    }

    private static bool TryReadValue(
        string expression,
        int after,
        out int start,
        out string value,
        [NotNullWhen(false)] out ConstraintSyntaxException? error
    )
    {
        start = SkipSpace(expression, after);
        value = expression[start..].TrimEnd();
        error = null;
        if (value.Length == 0)
        {
            error = Error(expression, expression.Length, "there is no value; expected a value to compare with");
            return false;
        }
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(value[i]) && !char.IsWhiteSpace(value[i]) && !ValueSymbols.Contains(value[i]))
            {
                error = Error(
                    expression,
                    start + i,
                    $"'{value[i]}' cannot be part of a value; expected letters, digits, spaces or any of {ValueSymbols}"
                );
                return false;
            }
        }
        return true;
    }

    private static bool TryReadAttribute(
        string expression,
        int start,
        int end,
        out ConstraintAttribute attribute,
        out string label,
        [NotNullWhen(false)] out ConstraintSyntaxException? error
    )
    {
        var key = expression[start..end];
        error = null;
        if (TryReadLabel(key, out attribute, out label))
        {
            if (label.Length == 0)
            {
                error = Error(expression, end, "there is no label name; expected one after the last '.'");
            }
            return error is null;
        }
        ConstraintAttribute? found = key.ToLowerInvariant() switch
        {
            "node.id" => ConstraintAttribute.NodeId,
            "node.hostname" => ConstraintAttribute.Hostname,
            "node.role" => ConstraintAttribute.Role,
            "node.ip" => ConstraintAttribute.Ip,
            "node.platform.os" => ConstraintAttribute.PlatformOs,
            "node.platform.arch" => ConstraintAttribute.PlatformArchitecture,
            _ => null,
        };
        if (found is null)
        {
            error = Error(expression, start, $"'{key}' is not a key; expected {KnownKeys}");
            return false;
        }
        attribute = found.Value;
        return true;
    }

    /// <summary>True when the key begins with one of the label prefixes; the name may still be empty.</summary>
    internal static bool TryReadLabel(string key, out ConstraintAttribute attribute, out string label)
    {
        attribute = ConstraintAttribute.NodeLabel;
        label = "";
        if (key.StartsWith(NodeLabelPrefix, StringComparison.OrdinalIgnoreCase))
        {
            label = key[NodeLabelPrefix.Length..];
            return true;
        }
        if (key.StartsWith(EngineLabelPrefix, StringComparison.OrdinalIgnoreCase))
        {
            attribute = ConstraintAttribute.EngineLabel;
            label = key[EngineLabelPrefix.Length..];
            return true;
        }
        return false;
    }

    private static bool IsRole(string value) =>
        value.Equals("manager", StringComparison.OrdinalIgnoreCase) || value.Equals("worker", StringComparison.OrdinalIgnoreCase);

    private static bool TryReadAddress(string value, bool isStored, out IPAddress? address, out IPNetwork? subnet)
    {
        subnet = null;
        address = null;
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var text = slash < 0 ? value : value[..slash];
        if (!IpText.TryParse(text, out var parsed) && !(isStored && IPAddress.TryParse(text, out parsed)))
        {
            return false;
        }
        if (slash < 0)
        {
            address = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
            return true;
        }
        var bits = parsed.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (!byte.TryParse(value.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out var length) || length > bits)
        {
            return false;
        }
        // A node's address is compared in its IPv4 form.
        if (parsed.IsIPv4MappedToIPv6 && length >= MappedPrefix)
        {
            (parsed, length) = (parsed.MapToIPv4(), (byte)(length - MappedPrefix));
        }
        // Like Go's net.ParseCIDR, bits after the prefix are allowed and ignored.
        subnet = new IPNetwork(Masked(parsed, length), length);
        return true;
    }

    private static IPAddress Masked(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }
        return new IPAddress(bytes);
    }

    private static int SkipSpace(string text, int from)
    {
        while (from < text.Length && char.IsWhiteSpace(text[from]))
        {
            from++;
        }
        return from;
    }
}
