using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>One stage of the filter pipeline, made for one placement profile. Stages that a profile does not need are not made at all.</summary>
internal abstract class NodeFilter
{
    /// <summary>ready, resources, plugins, platform, constraints or ports: what <see cref="Model.PendingReason.Filter"/> says.</summary>
    public abstract string Name { get; }

    /// <summary>True when the verdict depends on what runs on the node and not only on the node's record.</summary>
    public virtual bool DependsOnLoad => false;

    public abstract bool Accepts(NodeInfo node);

    /// <summary>Why the node is refused. Says nothing that changes with every task, so that the reasons of a pending task stay as they are while the cause does.</summary>
    public abstract string Summarize(NodeInfo node);

    /// <summary>Why the node is refused, with the figures of the moment.</summary>
    public virtual string Explain(NodeInfo node) => Summarize(node);
}
