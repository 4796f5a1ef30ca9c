using Swarm.Core.Errors;
using Swarm.Core.Model;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Wire.Mapping;

// The spec of a service, both ways.
public static partial class ProtocolMapping
{
    public static V1.ServiceSpec ToWire(ServiceSpec spec)
    {
        var wire = new V1.ServiceSpec
        {
            Name = spec.Name,
            Container = ToWire(spec.Container),
            Resources = new V1.ResourceRequirements
            {
                Limits = ToWire(spec.Resources.Limits),
                Reservations = ToWire(spec.Resources.Reservations),
                PidsLimit = spec.Resources.PidsLimit,
            },
            RestartPolicy = new V1.RestartPolicy
            {
                Condition = (V1.RestartCondition)spec.Restart.Condition,
                Delay = ToWire(spec.Restart.Delay),
                MaxAttempts = spec.Restart.MaxAttempts,
                Window = ToWire(spec.Restart.Window),
            },
            Placement = new V1.Placement { MaxReplicasPerNode = spec.Placement.MaxReplicasPerNode },
            Update = ToWire(spec.Update),
            Rollback = ToWire(spec.Rollback),
            ForceUpdate = spec.ForceUpdate,
        };
        wire.Labels.Add(ToDictionary(spec.Labels));
        wire.Placement.Constraints.AddRange(spec.Placement.Constraints);
        wire.Placement.SpreadPreferences.AddRange(spec.Placement.SpreadPreferences);
        wire.Placement.Platforms.AddRange(spec.Placement.Platforms);
        wire.Networks.AddRange(spec.Networks);
        wire.Ports.AddRange(spec.Ports.Select(ToWire));
        if (spec.Mode is ServiceMode.Replicated replicated)
        {
            wire.Replicated = new V1.ReplicatedMode { Replicas = replicated.Replicas };
        }
        else
        {
            wire.Global = new V1.GlobalMode();
        }
        return wire;
    }

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
        return new ServiceSpec
        {
            Name = spec.Name,
            Labels = ValueMap.From(spec.Labels),
            Container = FromWire(spec.Container),
            Resources = spec.Resources is null
                ? ResourceRequirements.None
                : new ResourceRequirements
                {
                    Limits = FromWire(spec.Resources.Limits),
                    Reservations = FromWire(spec.Resources.Reservations),
                    PidsLimit = spec.Resources.PidsLimit,
                },
            Restart = FromWire(spec.RestartPolicy),
            Placement = spec.Placement is null
                ? Placement.Anywhere
                : new Placement
                {
                    Constraints = spec.Placement.Constraints.ToValueList(),
                    SpreadPreferences = spec.Placement.SpreadPreferences.ToValueList(),
                    MaxReplicasPerNode = spec.Placement.MaxReplicasPerNode,
                    Platforms = spec.Placement.Platforms.ToValueList(),
                },
            Mode = spec.ModeCase switch
            {
                V1.ServiceSpec.ModeOneofCase.Global => new ServiceMode.Global(),
                V1.ServiceSpec.ModeOneofCase.Replicated => new ServiceMode.Replicated(spec.Replicated.Replicas),
                // Docker's default: one replica.
                _ => new ServiceMode.Replicated(1),
            },
            Update = FromWire(spec.Update),
            Rollback = FromWire(spec.Rollback),
            ForceUpdate = spec.ForceUpdate,
            Networks = spec.Networks.ToValueList(),
            Ports = spec.Ports.Select(FromWire).ToValueList(),
        };
    }

    public static V1.PublishedPort ToWire(PublishedPort port) =>
        new()
        {
            Protocol = (V1.PortProtocol)port.Protocol,
            TargetPort = port.Target,
            PublishedPort_ = port.Published,
            Mode = (V1.PublishMode)port.Mode,
        };

    private static PublishedPort FromWire(V1.PublishedPort port) =>
        new()
        {
            Target = port.TargetPort,
            Published = port.PublishedPort_,
            Protocol = (PortProtocol)Known((int)port.Protocol, 2, "PublishedPort.Protocol"),
            Mode = (PublishMode)Known((int)port.Mode, 1, "PublishedPort.Mode"),
        };

    private static V1.ContainerSpec ToWire(ContainerSpec spec)
    {
        var wire = new V1.ContainerSpec
        {
            Image = spec.Image,
            Dir = spec.Dir,
            User = spec.User,
            Hostname = spec.Hostname,
            StopSignal = spec.StopSignal,
            StopGracePeriod = ToWire(spec.StopGracePeriod),
            ReadOnly = spec.ReadOnly,
            Init = spec.Init,
            Tty = spec.Tty,
        };
        wire.Entrypoint.AddRange(spec.Entrypoint);
        wire.Command.AddRange(spec.Command);
        wire.Env.AddRange(spec.Env);
        wire.Groups.AddRange(spec.Groups);
        wire.Labels.Add(ToDictionary(spec.Labels));
        wire.CapabilityAdd.AddRange(spec.CapabilityAdd);
        wire.CapabilityDrop.AddRange(spec.CapabilityDrop);
        foreach (var mount in spec.Mounts)
        {
            var wireMount = new V1.Mount
            {
                Type = (V1.MountType)mount.Type,
                Source = mount.Source,
                Target = mount.Target,
                ReadOnly = mount.ReadOnly,
                TmpfsSizeBytes = mount.TmpfsSizeBytes,
                TmpfsMode = mount.TmpfsMode,
                VolumeDriver = mount.VolumeDriver,
            };
            wireMount.VolumeLabels.Add(ToDictionary(mount.VolumeLabels));
            wire.Mounts.Add(wireMount);
        }
        if (spec.HealthCheck is { } health)
        {
            wire.HealthCheck = new V1.HealthCheck
            {
                Interval = ToWire(health.Interval),
                Timeout = ToWire(health.Timeout),
                StartPeriod = ToWire(health.StartPeriod),
                Retries = health.Retries,
            };
            wire.HealthCheck.Test.AddRange(health.Test);
        }
        return wire;
    }

    private static ContainerSpec FromWire(V1.ContainerSpec spec) =>
        new()
        {
            Image = spec.Image,
            Entrypoint = spec.Entrypoint.ToValueList(),
            Command = spec.Command.ToValueList(),
            Env = spec.Env.ToValueList(),
            Dir = spec.Dir,
            User = spec.User,
            Groups = spec.Groups.ToValueList(),
            Hostname = spec.Hostname,
            Labels = ValueMap.From(spec.Labels),
            Mounts = spec.Mounts.Select(FromWire).ToValueList(),
            HealthCheck = spec.HealthCheck is { } health
                ? new HealthCheck
                {
                    Test = health.Test.ToValueList(),
                    Interval = FromWire(health.Interval, TimeSpan.Zero, "HealthCheck.Interval"),
                    Timeout = FromWire(health.Timeout, TimeSpan.Zero, "HealthCheck.Timeout"),
                    StartPeriod = FromWire(health.StartPeriod, TimeSpan.Zero, "HealthCheck.StartPeriod"),
                    Retries = health.Retries,
                }
                : null,
            StopSignal = spec.StopSignal,
            StopGracePeriod = FromWire(spec.StopGracePeriod, TimeSpan.FromSeconds(10), "Container.StopGracePeriod"),
            CapabilityAdd = spec.CapabilityAdd.ToValueList(),
            CapabilityDrop = spec.CapabilityDrop.ToValueList(),
            ReadOnly = spec.ReadOnly,
            Init = spec.Init,
            Tty = spec.Tty,
        };

    private static Mount FromWire(V1.Mount mount) =>
        new()
        {
            Type = (MountType)Known((int)mount.Type, 2, "Mount.Type"),
            Source = mount.Source,
            Target = mount.Target,
            ReadOnly = mount.ReadOnly,
            TmpfsSizeBytes = mount.TmpfsSizeBytes,
            TmpfsMode = mount.TmpfsMode,
            VolumeDriver = mount.VolumeDriver,
            VolumeLabels = ValueMap.From(mount.VolumeLabels),
        };

    private static RestartPolicy FromWire(V1.RestartPolicy? policy) =>
        policy is null
            ? RestartPolicy.Default
            : new RestartPolicy
            {
                Condition = (RestartCondition)Known((int)policy.Condition, 2, "RestartPolicy.Condition"),
                Delay = FromWire(policy.Delay, RestartPolicy.Default.Delay, "RestartPolicy.Delay"),
                MaxAttempts = policy.MaxAttempts,
                Window = FromWire(policy.Window, TimeSpan.Zero, "RestartPolicy.Window"),
            };

    private static V1.UpdateConfig ToWire(UpdateConfig config) =>
        new()
        {
            Parallelism = config.Parallelism,
            Delay = ToWire(config.Delay),
            Monitor = ToWire(config.Monitor),
            FailureAction = (V1.FailureAction)config.FailureAction,
            MaxFailureRatio = config.MaxFailureRatio,
            Order = (V1.UpdateOrder)config.Order,
        };

    private static UpdateConfig FromWire(V1.UpdateConfig? config) =>
        config is null
            ? UpdateConfig.Default
            : new UpdateConfig
            {
                Parallelism = config.Parallelism,
                Delay = FromWire(config.Delay, TimeSpan.Zero, "UpdateConfig.Delay"),
                Monitor = FromWire(config.Monitor, UpdateConfig.Default.Monitor, "UpdateConfig.Monitor"),
                FailureAction = (FailureAction)Known((int)config.FailureAction, 2, "UpdateConfig.FailureAction"),
                MaxFailureRatio = config.MaxFailureRatio,
                Order = (UpdateOrder)Known((int)config.Order, 1, "UpdateConfig.Order"),
            };
}
