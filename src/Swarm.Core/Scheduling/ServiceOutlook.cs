using System.Globalization;
using Swarm.Core.Constraints;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Validation;

namespace Swarm.Core.Scheduling;

/// <summary>The nodes' answer to a service before it has tasks. An option that each of them would refuse is refused at once.</summary>
public static class ServiceOutlook
{
    /// <summary>The least memory that a container engine limits a container to. Source: moby daemon/daemon_unix.go (linuxMinMemory).</summary>
    private const long EngineMinMemoryBytes = 6 * 1024 * 1024;

    /// <summary>Refuses options that no node supports to which the constraints let the service go. Where they let it go nowhere, nothing is
    /// known.</summary>
    /// <param name="state">Applied state.</param>
    /// <param name="spec">The spec that is to be.</param>
    /// <param name="before">The spec that it replaces, if any: what it asks for already is not refused.</param>
    /// <exception cref="SwarmException">NotSupportedByExecutor.</exception>
    public static void Validate(ClusterState state, ServiceSpec spec, ServiceSpec? before = null)
    {
        if (IsBeyondEveryNode(state, spec, out var options) && (before is null || !IsBeyondEveryNode(state, before, out _)))
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "NotSupportedByExecutor",
                $"No node that service {spec.Name} may go to supports {string.Join(", ", options)}: the tasks of these nodes are processes of their hosts.",
                options[0],
                "Use nodes with a container engine, or leave these options out."
            );
        }
    }

    /// <summary>Sentences about resources that no node has.</summary>
    public static IReadOnlyList<string> Warnings(ClusterState state, ServiceSpec spec)
    {
        var nodes = NodesFor(state, spec);
        var sentences = new List<string>();
        // A node that has not said what it has may have anything.
        if (nodes.Count > 0 && nodes.TrueForAll(static n => n.Description.Resources is { NanoCpus: > 0, MemoryBytes: > 0 }))
        {
            var cpus = nodes.Max(static n => n.Description.Resources.NanoCpus);
            var memory = nodes.Max(static n => n.Description.Resources.MemoryBytes);
            var (limits, reserved) = (spec.Resources.Limits, spec.Resources.Reservations);
            void WarnBeyond(long asked, long largest, string what, string shown, string effect)
            {
                if (asked > largest)
                {
                    sentences.Add($"The {what} is beyond every node that the service may go to: the largest has {shown}. {effect}");
                }
            }

            WarnBeyond(
                limits.NanoCpus,
                cpus,
                $"limit of {Cpus(limits.NanoCpus)} CPUs",
                Cpus(cpus),
                "A container engine refuses such a task, and a process is not limited."
            );
            WarnBeyond(
                limits.MemoryBytes,
                memory,
                $"limit of {limits.MemoryBytes} bytes of memory",
                $"{memory}",
                "Such a limit has no effect."
            );
            const string Pending = "Its tasks stay pending.";
            WarnBeyond(reserved.NanoCpus, cpus, $"reservation of {Cpus(reserved.NanoCpus)} CPUs", Cpus(cpus), Pending);
            WarnBeyond(reserved.MemoryBytes, memory, $"reservation of {reserved.MemoryBytes} bytes of memory", $"{memory}", Pending);
        }
        if (
            spec.Resources.Limits.MemoryBytes is > 0 and < EngineMinMemoryBytes
            && nodes.Exists(static n => n.Description is { Executor: ExecutorNames.Docker } or { EngineVersion.Length: > 0 })
        )
        {
            sentences.Add(
                $"The memory limit of {spec.Resources.Limits.MemoryBytes} bytes is below what container engines accept, 6 MiB: they refuse such a task."
            );
        }
        return sentences;
    }

    private static bool IsBeyondEveryNode(ClusterState state, ServiceSpec spec, out ValueList<string> options)
    {
        options = ExecutorOptions.BeyondProcesses(spec.Container);
        return options.Count > 0
            && NodesFor(state, spec) is { Count: > 0 } nodes
            && nodes.TrueForAll(static n => ExecutorOptions.RunsProcesses(n.Description));
    }

    /// <summary>Members that meet the constraints. State and availability do not count: they change.</summary>
    private static List<Node> NodesFor(ClusterState state, ServiceSpec spec)
    {
        var constraints = new List<Constraint>();
        foreach (var expression in spec.Placement.Constraints)
        {
            if (Constraint.TryParseStored(expression, out var constraint, out _))
            {
                constraints.Add(constraint);
            }
        }
        return [.. state.Nodes.Where(n => !n.Status.HasLeft && constraints.TrueForAll(c => c.Matches(n)))];
    }

    private static string Cpus(long nano) => (nano / 1e9m).ToString("0.#########", CultureInfo.InvariantCulture);
}
