using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>The difference between a task's own revision and the service's current spec.</summary>
internal enum TemplateDifference
{
    None,

    /// <summary>Only the placement differs: the task stays if its node satisfies it.</summary>
    PlacementOnly,
    Full,
}

/// <summary>Compares the task templates of two specs.</summary>
internal static class TaskTemplates
{
    public static TemplateDifference Compare(ServiceSpec? own, ServiceSpec wanted)
    {
        if (own is null)
        {
            return TemplateDifference.Full;
        }
        if (own.TaskTemplateEquals(wanted))
        {
            return TemplateDifference.None;
        }
        return (own with { Placement = wanted.Placement }).TaskTemplateEquals(wanted)
            ? TemplateDifference.PlacementOnly
            : TemplateDifference.Full;
    }

    /// <summary>The last revision that had another template than the current one; the previous revision where there is none.</summary>
    /// <remarks>New attempts and new credentials make revisions of the same template. Going back to one would change nothing.</remarks>
    public static ulong PreviousRevision(ClusterState state, Service service)
    {
        var previous = service.PreviousRevision;
        if (previous == 0 || state.FindRevision(service.Id, previous) is not { } kept || !kept.Spec.TaskTemplateEquals(service.Spec))
        {
            return previous;
        }
        var last = 0UL;
        foreach (var revision in state.RevisionsOf(service.Id))
        {
            if (revision.Number > last && !revision.Spec.TaskTemplateEquals(service.Spec))
            {
                last = revision.Number;
            }
        }
        return last > 0 ? last : previous;
    }

    /// <summary>The spec with the task template of another, for a rollback. Scale, labels and policies of the service stay as they are
    /// now.</summary>
    public static ServiceSpec WithTemplateOf(ServiceSpec spec, ServiceSpec template) =>
        spec with
        {
            Container = template.Container,
            Resources = template.Resources,
            Restart = template.Restart,
            Placement = template.Placement,
            ForceUpdate = template.ForceUpdate,
            Networks = template.Networks,
        };
}
