using Swarm.Core.Model;

namespace Swarm.Core.Validation;

/// <summary>The options of a container that not every executor can give a task. The scheduler, the manager and the executor ask here.</summary>
public static class ExecutorOptions
{
    private static readonly ContainerSpec Plain = WithoutThoseOfProcesses(new ContainerSpec { Image = "" });

    /// <summary>The options of the spec that a host process cannot have, by the names of their properties. An option that a later version adds is among them.
    /// Empty: every executor takes the spec.</summary>
    public static ValueList<string> BeyondProcesses(ContainerSpec spec)
    {
        var rest = WithoutThoseOfProcesses(spec);
        return rest == Plain
            ? []
            : SpecProperties
                .Of(rest)
                .Zip(SpecProperties.Of(Plain))
                .Where(static p => !Equals(p.First.Value, p.Second.Value))
                .Select(static p => p.First.Path.Split('.')[0])
                .Distinct()
                .ToValueList();
    }

    /// <summary>True when the node's tasks are processes of the host. A node that has not reported its executor may have any.</summary>
    public static bool RunsProcesses(NodeDescription description) => description.Executor == ExecutorNames.Process;

    /// <summary>The options that a host process has too, at their defaults.</summary>
    private static ContainerSpec WithoutThoseOfProcesses(ContainerSpec spec) =>
        spec with
        {
            Image = "",
            Entrypoint = [],
            Command = [],
            Env = [],
            Dir = "",
            User = "",
            Groups = [],
            Hostname = "",
            Labels = ValueMap.Empty,
            HealthCheck = null,
            StopSignal = "",
            StopGracePeriod = TimeSpan.Zero,
        };
}
