using Swarm.Core.Model;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>How a task's own revision differs from what its service now wants.</summary>
internal enum TemplateDifference
{
    None,

    /// <summary>Only where it may run differs: it is kept if its node will do.</summary>
    PlacementOnly,
    Full,
}

/// <summary>Compares the parts of two specs that a task is made of.</summary>
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

    /// <summary>The spec with the template of another: what a rollback makes. Scale, labels and policies of the service stay as they are now.</summary>
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
