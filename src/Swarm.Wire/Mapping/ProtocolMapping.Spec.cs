using System.Globalization;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Wire.Mapping;

// The spec of a service, both ways.
public static partial class ProtocolMapping
{
    public static V1.ServiceSpec ToWire(ServiceSpec spec) => SpecMapper.ToWire(spec);

    public static V1.PublishedPort ToWire(PublishedPort port) => SpecMapper.Map(port);

    public static PublishedPort FromWire(V1.PublishedPort port) => SpecMapper.Map(port);

    /// <exception cref="SwarmException">MissingSpec or InvalidValue.</exception>
    public static ServiceSpec FromWire(V1.ServiceSpec? spec)
    {
        if (spec?.Container is null)
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "MissingSpec",
                "The request has no service spec, or the spec has no container.",
                action: "Give at least a name and an image."
            );
        }
        try
        {
            return SpecMapper.FromWire(Complete(spec.Clone()));
        }
        catch (ArgumentOutOfRangeException e)
        {
            // A word that this version does not know: the mapping names the property.
            throw Invalid(
                e.ParamName ?? "",
                $"{Convert.ToInt32(e.ActualValue, CultureInfo.InvariantCulture)} is not a value of {e.ParamName}.",
                "Use a daemon and a client of the same version."
            );
        }
    }

    /// <summary>Puts Docker's defaults where a message is absent.</summary>
    private static V1.ServiceSpec Complete(V1.ServiceSpec spec)
    {
        spec.Container.StopGracePeriod ??= ToWire(new ContainerSpec { Image = "" }.StopGracePeriod);
        spec.Resources ??= SpecMapper.Map(ResourceRequirements.None);
        spec.Resources.Limits ??= ToWire(ResourceAmount.Zero);
        spec.Resources.Reservations ??= ToWire(ResourceAmount.Zero);
        spec.RestartPolicy ??= SpecMapper.Map(RestartPolicy.Default);
        spec.RestartPolicy.Delay ??= ToWire(RestartPolicy.Default.Delay);
        spec.Placement ??= SpecMapper.Map(Placement.Anywhere);
        spec.Update = Complete(spec.Update);
        spec.Rollback = Complete(spec.Rollback);
        return spec;
    }

    private static V1.UpdateConfig Complete(V1.UpdateConfig? config)
    {
        config ??= SpecMapper.Map(UpdateConfig.Default);
        config.Monitor ??= ToWire(UpdateConfig.Default.Monitor);
        return config;
    }
}
