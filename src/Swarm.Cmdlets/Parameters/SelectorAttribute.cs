using System.Collections;

namespace Swarm.Cmdlets.Parameters;

internal enum SelectorKind
{
    Node,
    Service,
    Task,
    Sandbox,
    Network,
}

/// <summary>Takes a name, or any object of this module that leads to one: a task leads to its service and its node.
/// Objects from Import-Clixml or a remote session work as well.</summary>
internal sealed class SelectorAttribute(SelectorKind kind) : TransformAttribute
{
    /// <summary>Dictionaries become NAME=value: PowerShell binds pipeline input to the default parameter set first.</summary>
    public bool Pairs { get; set; }

    // The parameter's own validation refuses it.
    protected override object? Empty(object? value) => value;

    protected override object? Convert(object? value, object? original)
    {
        if (Pairs && value is IDictionary map)
        {
            return map.Keys.Cast<object>().Select(k => $"{Text(k)}={Text(map[k])}").ToArray();
        }
        if (value is IEnumerable and not (string or IDictionary))
        {
            var all = ((IEnumerable)value).Cast<object?>().Select(v => One(v)).ToArray();
            return all.All(a => a is string) ? all.Cast<string>().ToArray() : value;
        }
        return One(original) is string one ? new[] { one } : value;
    }

    private object? One(object? item)
    {
        if (item is null or IDictionary || item is PSObject { BaseObject: string or IDictionary })
        {
            return item is PSObject { BaseObject: string text } ? text : item;
        }
        if (item is string)
        {
            return item;
        }
        var wrapped = PSObject.AsPSObject(item);
        foreach (var name in PropertiesFor(TypeOf(wrapped)))
        {
            if (wrapped.Properties[name]?.Value is { } found && LanguagePrimitives.ConvertTo<string>(found) is { Length: > 0 } value)
            {
                return value;
            }
        }
        return item;
    }

    private string[] PropertiesFor(string type) =>
        (kind, type) switch
        {
            (SelectorKind.Service, "Task" or "ServiceRevision") => ["ServiceId", "ServiceName"],
            (SelectorKind.Service, _) => ["Name", "ServiceName", "Id"],
            (SelectorKind.Node, "Task" or "PlacementResult" or "SandboxNode" or "Session" or "Cluster") => ["NodeId", "Node", "Name"],
            (SelectorKind.Node, _) => ["Id", "NodeId", "Name", "Node"],
            (SelectorKind.Sandbox, "SandboxNode") => ["Sandbox"],
            (SelectorKind.Sandbox, _) => ["Name"],
            _ => ["Id", "Name"],
        };

    /// <summary>Service for Swarm.Service and Deserialized.Swarm.Service; empty for types of other modules.</summary>
    internal static string TypeOf(PSObject item)
    {
        foreach (var name in item.TypeNames)
        {
            var own = name.StartsWith("Deserialized.", StringComparison.Ordinal) ? name[13..] : name;
            if (own.StartsWith("Swarm.", StringComparison.Ordinal))
            {
                return own[6..];
            }
        }
        return "";
    }
}
