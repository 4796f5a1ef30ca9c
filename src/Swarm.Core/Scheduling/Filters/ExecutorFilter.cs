using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;
using Swarm.Core.Validation;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>The node's executor supports every option of the container.</summary>
/// <param name="beyondProcesses">The options that a host process cannot have; not empty.</param>
internal sealed class ExecutorFilter(ValueList<string> beyondProcesses) : NodeFilter
{
    public override string Name => "executor";

    public override bool Accepts(NodeInfo node) => !ExecutorOptions.RunsProcesses(node.Node!.Description);

    public override string Summarize(NodeInfo node) => $"a process of the host cannot have {string.Join(", ", beyondProcesses)}";
}
