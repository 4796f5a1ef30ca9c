using Swarm.Core.Constraints;
using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>The node meets every constraint. No node meets a constraint that cannot be read.</summary>
internal sealed class ConstraintFilter : NodeFilter
{
    private readonly Constraint[] _constraints;
    private readonly string? _unreadable;

    public ConstraintFilter(ValueList<string> expressions)
    {
        var constraints = new List<Constraint>(expressions.Count);
        foreach (var expression in expressions)
        {
            if (Constraint.TryParseStored(expression, out var constraint, out var error))
            {
                constraints.Add(constraint);
            }
            else
            {
                _unreadable ??= error.Message;
            }
        }
        _constraints = [.. constraints];
    }

    public override string Name => "constraints";

    public override bool Accepts(NodeInfo node)
    {
        foreach (var constraint in _constraints)
        {
            if (!constraint.Matches(node.Node!))
            {
                return false;
            }
        }
        return _unreadable is null;
    }

    public override string Summarize(NodeInfo node)
    {
        foreach (var constraint in _constraints)
        {
            if (!constraint.Matches(node.Node!))
            {
                return $"{constraint.Text} is not met";
            }
        }
        return _unreadable!;
    }
}
