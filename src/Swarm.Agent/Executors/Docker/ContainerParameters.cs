using global::Docker.DotNet.Models;
using Swarm.Core.Model;

namespace Swarm.Agent.Executors.Docker;

/// <summary>Converts a task definition to the parameters of the engine's create call.</summary>
internal static class ContainerParameters
{
    public static CreateContainerParameters From(TaskDefinition task, ExecutorNode node)
    {
        var spec = task.Spec.Container;
        var limits = task.Spec.Resources.Limits;
        var parameters = new CreateContainerParameters
        {
            Name = task.ContainerName,
            Image = spec.Image,
            Hostname = spec.Hostname,
            User = spec.User,
            WorkingDir = spec.Dir,
            Tty = spec.Tty,
            Labels = DockerLabels.Of(task, node),
            HostConfig = new HostConfig
            {
                ReadonlyRootfs = spec.ReadOnly,
                NanoCPUs = limits.NanoCpus,
                Memory = limits.MemoryBytes,
            },
        };
        if (spec.Env.Count > 0)
        {
            parameters.Env = [.. spec.Env];
        }
        if (spec.Entrypoint.Count > 0)
        {
            parameters.Entrypoint = [.. spec.Entrypoint];
        }
        if (spec.Command.Count > 0)
        {
            parameters.Cmd = [.. spec.Command];
        }
        if (spec.StopSignal.Length > 0)
        {
            parameters.StopSignal = spec.StopSignal;
        }
        if (spec.HealthCheck is { } check)
        {
            parameters.Healthcheck = new HealthcheckConfig { Retries = check.Retries };
            if (check.Test.Count > 0)
            {
                parameters.Healthcheck.Test = [.. check.Test];
            }
            // The engine takes zero as "the image's, or the default".
            parameters.Healthcheck.Interval = check.Interval;
            parameters.Healthcheck.Timeout = check.Timeout;
            parameters.Healthcheck.StartPeriod = check.StartPeriod;
        }
        var host = parameters.HostConfig;
        if (task.Spec.Resources.PidsLimit > 0)
        {
            host.PidsLimit = task.Spec.Resources.PidsLimit;
        }
        if (spec.Init)
        {
            host.Init = true;
        }
        if (spec.CapabilityAdd.Count > 0)
        {
            host.CapAdd = [.. spec.CapabilityAdd];
        }
        if (spec.CapabilityDrop.Count > 0)
        {
            host.CapDrop = [.. spec.CapabilityDrop];
        }
        if (spec.Groups.Count > 0)
        {
            host.GroupAdd = [.. spec.Groups];
        }
        if (spec.Mounts.Count > 0)
        {
            host.Mounts = [.. spec.Mounts.Select(From)];
        }
        return parameters;
    }

    private static global::Docker.DotNet.Models.Mount From(Core.Model.Mount mount)
    {
        var result = new global::Docker.DotNet.Models.Mount
        {
            Type = mount.Type switch
            {
                MountType.Bind => "bind",
                MountType.Volume => "volume",
                _ => "tmpfs",
            },
            Target = mount.Target,
            ReadOnly = mount.ReadOnly,
        };
        if (mount.Source.Length > 0)
        {
            result.Source = mount.Source;
        }
        if (mount.Type == MountType.Tmpfs && (mount.TmpfsSizeBytes > 0 || mount.TmpfsMode > 0))
        {
            result.TmpfsOptions = new TmpfsOptions { SizeBytes = (long)mount.TmpfsSizeBytes, Mode = mount.TmpfsMode };
        }
        if (mount.Type == MountType.Volume && (mount.VolumeDriver.Length > 0 || mount.VolumeLabels.Count > 0))
        {
            result.VolumeOptions = new VolumeOptions { Labels = new Dictionary<string, string>(mount.VolumeLabels) };
            if (mount.VolumeDriver.Length > 0)
            {
                result.VolumeOptions.DriverConfig = new Driver { Name = mount.VolumeDriver };
            }
        }
        return result;
    }
}
