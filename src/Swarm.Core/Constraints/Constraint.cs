using System.Diagnostics.CodeAnalysis;
using System.Net;
using Swarm.Core.Model;

namespace Swarm.Core.Constraints;

/// <summary>A placement constraint: <c>node.labels.zone==east</c>, <c>node.role!=manager</c>, <c>node.ip==10.1.0.0/16</c>, …</summary>
/// <remarks>Docker's semantics (moby/swarmkit manager/constraint): keys and values are compared without regard to case, label names with
/// regard to it.
/// A label or fact that a node lacks counts as empty, so that <c>==</c> refuses the node and <c>!=</c> accepts it. There are no wildcards.
/// An unknown key, a role that does not exist and an address that cannot be read are syntax errors.
/// SwarmKit accepts an unknown key and then matches no node.</remarks>
public sealed class Constraint
{
    private readonly IPAddress? _address;
    private readonly IPNetwork? _subnet;

    internal Constraint(
        ConstraintAttribute attribute,
        string label,
        ConstraintOperator @operator,
        string value,
        string text,
        IPAddress? address = null,
        IPNetwork? subnet = null
    )
    {
        Attribute = attribute;
        Label = label;
        Operator = @operator;
        Value = value;
        Text = text;
        _address = address;
        _subnet = subnet;
    }

    public ConstraintAttribute Attribute { get; }

    /// <summary>Name of the label; empty when <see cref="Attribute"/> is not a label.</summary>
    public string Label { get; }
    public ConstraintOperator Operator { get; }
    public string Value { get; }

    /// <summary>The constraint without insignificant space: <c>node.role==manager</c>.</summary>
    public string Text { get; }

    /// <summary>Reads a constraint.</summary>
    /// <exception cref="ConstraintSyntaxException">The expression cannot be read. The message says where, and what was
    /// expected.</exception>
    public static Constraint Parse(string expression) =>
        ConstraintParser.TryParse(expression, out var constraint, out var error) ? constraint : throw error;

    /// <summary>Reads a constraint without throwing.</summary>
    /// <param name="error">Where and why it cannot be read; null on success.</param>
    public static bool TryParse(
        string expression,
        [NotNullWhen(true)] out Constraint? constraint,
        [NotNullWhen(false)] out ConstraintSyntaxException? error
    ) => ConstraintParser.TryParse(expression, out constraint, out error);

    /// <summary>Reads a constraint of a stored spec. An address may have the forms that earlier versions took: octal, hexadecimal, in brackets.
    /// A rule that became stricter stops no task that runs.</summary>
    /// <param name="error">Where and why it cannot be read; null on success.</param>
    public static bool TryParseStored(
        string expression,
        [NotNullWhen(true)] out Constraint? constraint,
        [NotNullWhen(false)] out ConstraintSyntaxException? error
    ) => ConstraintParser.TryParse(expression, out constraint, out error, isStored: true);

    /// <summary>True when the node satisfies the constraint.</summary>
    public bool Matches(Node node) => Holds(node) == (Operator == ConstraintOperator.Equal);

    public override string ToString() => Text;

    private bool Holds(Node node) =>
        Attribute switch
        {
            ConstraintAttribute.NodeId => Same(node.Id),
            // The name is one node's alone; the host name is whatever the machine says.
            ConstraintAttribute.Hostname => node.Description.Hostname.Length > 0 && Same(node.Name),
            ConstraintAttribute.Role => Same(node.Role == NodeRole.Manager ? "manager" : "worker"),
            ConstraintAttribute.Ip => HoldsAddress(node.Status.Address),
            ConstraintAttribute.PlatformOs => Same(node.Description.Os),
            ConstraintAttribute.PlatformArchitecture => Same(node.Description.Architecture),
            ConstraintAttribute.NodeLabel => node.Spec.Labels.TryGetValue(Label, out var label) && Same(label),
            ConstraintAttribute.EngineLabel => node.Description.EngineLabels.TryGetValue(Label, out var label) && Same(label),
            _ => throw new InvalidOperationException($"Unknown constraint attribute {Attribute}."),
        };

    private bool Same(string actual) => string.Equals(Value, actual, StringComparison.OrdinalIgnoreCase);

    private bool HoldsAddress(string text)
    {
        if (!IPAddress.TryParse(text, out var address))
        {
            return false;
        }
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }
        return _subnet is { } subnet ? subnet.Contains(address) : address.Equals(_address);
    }
}
