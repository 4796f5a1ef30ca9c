using System.Globalization;

namespace Swarm.Core.Model;

/// <summary>Names of tasks. Source: Docker's names, <c>helloworld.1</c> and <c>helloworld.1.&lt;task id&gt;</c>; for global services the
/// node id replaces the slot.</summary>
public static class TaskNames
{
    public static string NameOf(SwarmTask task, string serviceName) =>
        $"{serviceName}.{(task.Slot > 0 ? task.Slot.ToString(CultureInfo.InvariantCulture) : task.NodeId)}";

    public static string ContainerNameOf(SwarmTask task, string serviceName) => $"{NameOf(task, serviceName)}.{task.Id}";
}
