using Swarm.Core.Model;

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
