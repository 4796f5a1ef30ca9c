using Google.Protobuf.WellKnownTypes;

namespace Swarm.Cmdlets.Services;

/// <summary>Docker's defaults (docker service create --help), written out so that a stored spec is complete.</summary>
internal static class ServiceSpecDefaults
{
    public static V1.ServiceSpec New(string name, bool global)
    {
        var spec = Complete(
            new V1.ServiceSpec
            {
                Name = name,
                Container = new V1.ContainerSpec { StopGracePeriod = Seconds(10) },
                RestartPolicy = new V1.RestartPolicy { Delay = Seconds(5) },
            }
        );
        if (global)
        {
            spec.Global = new V1.GlobalMode();
        }
        else
        {
            spec.Replicated = new V1.ReplicatedMode { Replicas = 1 };
        }
        return spec;
    }

    /// <summary>Adds every missing sub-message, so that a change needs no checks for null.</summary>
    public static V1.ServiceSpec Complete(V1.ServiceSpec spec)
    {
        spec.Container ??= new V1.ContainerSpec();
        spec.Resources ??= new V1.ResourceRequirements();
        spec.Resources.Limits ??= new V1.Resources();
        spec.Resources.Reservations ??= new V1.Resources();
        spec.RestartPolicy ??= new V1.RestartPolicy { Delay = Seconds(5) };
        spec.Placement ??= new V1.Placement();
        spec.Update ??= new V1.UpdateConfig { Parallelism = 1, Monitor = Seconds(5) };
        spec.Rollback ??= new V1.UpdateConfig { Parallelism = 1, Monitor = Seconds(5) };
        return spec;
    }

    private static Duration Seconds(long seconds) => new() { Seconds = seconds };
}
