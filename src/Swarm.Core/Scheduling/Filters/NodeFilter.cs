using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>A stage of the filter pipeline, made for one placement profile. A pipeline has no stages that its profile does not
/// need.</summary>
internal abstract class NodeFilter
{
    /// <summary>The value of <see cref="Model.PendingReason.Filter"/>: ready, resources, plugins, executor, platform, constraints or ports.</summary>
    public abstract string Name { get; }

    /// <summary>True when the verdict depends on the tasks on the node and not only on the node's record.</summary>
    public virtual bool DependsOnLoad => false;

    public abstract bool Accepts(NodeInfo node);

    /// <summary>Why the node is refused. The text has no figures that change with every task, so that the reasons of a pending task stay
    /// equal while the cause does.</summary>
    public abstract string Summarize(NodeInfo node);

    /// <summary>Why the node is refused, with the present figures.</summary>
    public virtual string Explain(NodeInfo node) => Summarize(node);
}
