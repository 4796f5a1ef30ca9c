using Swarm.Core.Model;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>A service with every option set, to a value that is not its default.</summary>
internal static class EveryOption
{
    public static ServiceSpec Spec { get; } =
        new()
        {
            Name = "all",
            Labels = ValueMap.Empty.With("a", "1"),
            Container = new ContainerSpec
            {
                Image = "redis:3.0.6",
                Entrypoint = ["/bin/sh", "-c"],
                Command = ["sleep", "1000"],
                Env = ["A=1", "B=two words"],
                Dir = "/tmp",
                User = "nobody",
                Groups = ["daemon"],
                Hostname = "h",
                Labels = ValueMap.Empty.With("c", "2"),
                Mounts =
                [
                    new Mount
                    {
                        Type = MountType.Bind,
                        Source = "/tmp",
                        Target = "/b",
                        ReadOnly = true,
                    },
                    new Mount
                    {
                        Type = MountType.Tmpfs,
                        Target = "/t",
                        TmpfsSizeBytes = 1048576,
                        TmpfsMode = 0x3FF,
                    },
                    new Mount
                    {
                        Type = MountType.Volume,
                        Source = "v",
                        Target = "/v",
                        VolumeDriver = "local",
                        VolumeLabels = ValueMap.Empty.With("d", "3"),
                    },
                ],
                HealthCheck = new HealthCheck
                {
                    Test = ["CMD-SHELL", "true"],
                    Interval = TimeSpan.FromSeconds(1),
                    Timeout = TimeSpan.FromSeconds(2),
                    StartPeriod = TimeSpan.FromSeconds(3),
                    Retries = 4,
                },
                StopSignal = "SIGINT",
                StopGracePeriod = TimeSpan.FromSeconds(3),
                CapabilityAdd = ["CAP_NET_ADMIN"],
                CapabilityDrop = ["CAP_CHOWN"],
                ReadOnly = true,
                Init = true,
                Tty = true,
            },
            Resources = new ResourceRequirements
            {
                Limits = new ResourceAmount(500_000_000, 64 << 20),
                Reservations = new ResourceAmount(100_000_000, 32 << 20),
                PidsLimit = 100,
            },
            Restart = new RestartPolicy
            {
                Condition = RestartCondition.OnFailure,
                Delay = TimeSpan.FromSeconds(1),
                MaxAttempts = 3,
                Window = TimeSpan.FromMinutes(1),
            },
            Placement = new Placement
            {
                Constraints = ["node.role==manager"],
                SpreadPreferences = ["node.labels.zone"],
                MaxReplicasPerNode = 5,
            },
            Mode = new ServiceMode.Replicated(2),
            Update = new UpdateConfig
            {
                Parallelism = 2,
                Delay = TimeSpan.FromSeconds(1),
                Monitor = TimeSpan.FromSeconds(2),
                FailureAction = FailureAction.Rollback,
                MaxFailureRatio = 0.25,
                Order = UpdateOrder.StartFirst,
            },
            Rollback = new UpdateConfig { Parallelism = 3, FailureAction = FailureAction.Continue },
            ForceUpdate = 7,
            Networks = ["n1", "n2"],
            Ports =
            [
                new PublishedPort { Target = 80, Published = 8080 },
                new PublishedPort
                {
                    Target = 53,
                    Protocol = PortProtocol.Udp,
                    Mode = PublishMode.Host,
                },
            ],
        };
}
