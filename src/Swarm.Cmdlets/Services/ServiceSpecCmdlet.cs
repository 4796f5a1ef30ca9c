using System.Collections;
using System.Net;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Swarm.Cmdlets.Services;

/// <summary>The options of a service, shared by New-SwarmService and Set-SwarmService. Bound parameters are written into a spec.</summary>
public abstract partial class ServiceSpecCmdlet : ServiceChangeCmdlet
{
    private const long NanoCpus = 1_000_000_000;

    private protected virtual bool ImageRequired => false;

    /// <summary>Writes the bound parameters into the spec. Lists and dictionaries are merged into the present ones.</summary>
    /// <exception cref="SwarmException">ConflictingParameters.</exception>
    private protected void Apply(V1.ServiceSpec spec)
    {
        if (ImageRequired && Image is null)
        {
            throw Conflict("A service needs an image.", "Add -Image, for example -Image alpine.");
        }
        ApplyMode(spec);
        ApplyContainer(spec.Container);
        ApplyHealth(spec.Container);
        ApplyPlacement(spec.Placement);
        ApplyResources(spec.Resources);
        ApplyRestart(spec.RestartPolicy);
        ApplyUpdate(
            spec.Update,
            "Update",
            UpdateParallelism,
            UpdateDelay,
            UpdateMonitor,
            UpdateFailureAction,
            UpdateMaxFailureRatio,
            UpdateOrder
        );
        if (RollbackFailureAction == FailureAction.Rollback)
        {
            throw Conflict("A rollback cannot be rolled back.", "Use -RollbackFailureAction Pause or Continue.");
        }
        ApplyUpdate(
            spec.Rollback,
            "Rollback",
            RollbackParallelism,
            RollbackDelay,
            RollbackMonitor,
            RollbackFailureAction,
            RollbackMaxFailureRatio,
            RollbackOrder
        );
        Put(spec.Labels, Label);
        Merge(spec.Networks, Network);
        foreach (var port in Publish)
        {
            // A target port may be published several times; the published port identifies an entry.
            Upsert(
                spec.Ports,
                p =>
                    p.Protocol == (V1.PortProtocol)port.Protocol
                    && (port.Published == 0 ? p.PublishedPort_ == 0 && p.TargetPort == port.Target : p.PublishedPort_ == port.Published),
                ToMessage(port)
            );
        }
    }

    private protected ValueTask FinishAsync(
        V1.Service service,
        IEnumerable<string> warnings,
        bool emit,
        CancellationToken cancellationToken
    ) => FinishAsync(service, warnings, Wait, Timeout, emit, cancellationToken);

    /// <summary>The credential with the registry that the image names.</summary>
    private protected V1.RegistryCredential? Credential(V1.ServiceSpec spec)
    {
        if (RegistryCredential is null)
        {
            return null;
        }
        NetworkCredential plain = RegistryCredential.GetNetworkCredential();
        return new V1.RegistryCredential
        {
            ServerAddress = RegistryOf(spec.Container.Image),
            Username = RegistryCredential.UserName,
            Password = plain.Password,
        };
    }

    /// <summary>Docker's rule: the part before the first slash is a registry when it has a dot or a colon, or is localhost.</summary>
    internal static string RegistryOf(string image)
    {
        var first = image.Split('/')[0];
        return image.Contains('/', StringComparison.Ordinal) && (first.AsSpan().ContainsAny('.', ':') || first == "localhost")
            ? first
            : "docker.io";
    }

    private protected static void RemoveWhere<T>(RepeatedField<T> list, Func<T, bool> condition)
    {
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (condition(list[i]))
            {
                list.RemoveAt(i);
            }
        }
    }

    private void ApplyMode(V1.ServiceSpec spec)
    {
        if (!IsBound(nameof(Replicas)))
        {
            return;
        }
        if (spec.ModeCase == V1.ServiceSpec.ModeOneofCase.Global)
        {
            throw Conflict($"Service '{spec.Name}' is global: it runs one task on every node.", "Leave -Replicas out.");
        }
        if (Replicas < 0)
        {
            throw new SwarmException("InvalidReplicas", $"A service cannot have {Replicas} replicas.", spec.Name, "Give 0 or more.");
        }
        spec.Replicated = new V1.ReplicatedMode { Replicas = (ulong)Replicas };
    }

    private void ApplyContainer(V1.ContainerSpec container)
    {
        container.Image = Image ?? container.Image;
        Replace(container.Command, nameof(Command), Command);
        Replace(container.Entrypoint, nameof(Entrypoint), Entrypoint);
        foreach (var variable in Env)
        {
            var prefix = variable[..(variable.IndexOf('=', StringComparison.Ordinal) + 1)];
            Upsert(container.Env, e => e.StartsWith(prefix, StringComparison.Ordinal), variable);
        }
        Put(container.Labels, ContainerLabel);
        foreach (var mount in Mount)
        {
            Upsert(container.Mounts, m => m.Target == mount.Target, ToMessage(mount));
        }
        Merge(container.Groups, Group);
        Capabilities(container);
        container.User = IsBound(nameof(User)) ? User : container.User;
        container.Dir = IsBound(nameof(WorkingDirectory)) ? WorkingDirectory : container.Dir;
        container.Hostname = IsBound(nameof(HostName)) ? HostName : container.Hostname;
        container.StopSignal = IsBound(nameof(StopSignal)) ? StopSignal : container.StopSignal;
        container.StopGracePeriod = IsBound(nameof(StopGracePeriod)) ? Span(StopGracePeriod) : container.StopGracePeriod;
        container.ReadOnly = IsBound(nameof(ReadOnly)) ? ReadOnly : container.ReadOnly;
        container.Init = IsBound(nameof(Init)) ? Init : container.Init;
        container.Tty = IsBound(nameof(Tty)) ? Tty : container.Tty;
    }

    private void Capabilities(V1.ContainerSpec container)
    {
        if (CapAdd.Intersect(CapDrop, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } both)
        {
            throw Conflict($"Capability {both} is both added and dropped.", "Name it in one of -CapAdd and -CapDrop.");
        }
        RemoveWhere(container.CapabilityDrop, c => CapAdd.Contains(c, StringComparer.OrdinalIgnoreCase));
        RemoveWhere(container.CapabilityAdd, c => CapDrop.Contains(c, StringComparer.OrdinalIgnoreCase));
        Merge(container.CapabilityAdd, CapAdd);
        Merge(container.CapabilityDrop, CapDrop);
    }

    private void ApplyHealth(V1.ContainerSpec container)
    {
        string[] options =
        [
            nameof(HealthCommand),
            nameof(HealthInterval),
            nameof(HealthTimeout),
            nameof(HealthRetries),
            nameof(HealthStartPeriod),
        ];
        var given = options.Where(IsBound).ToArray();
        if (NoHealthCheck)
        {
            if (given.Length > 0)
            {
                throw Conflict($"-NoHealthCheck and -{given[0]} contradict each other.", "Use one of them.");
            }
            container.HealthCheck = new V1.HealthCheck { Test = { "NONE" } };
            return;
        }
        if (given.Length == 0)
        {
            return;
        }
        var health = container.HealthCheck ??= new V1.HealthCheck();
        if (IsBound(nameof(HealthCommand)))
        {
            health.Test.Clear();
            // A single string is a command line for a shell; several are a program and its arguments. These are Docker's two forms.
            health.Test.Add(HealthCommand.Length == 1 ? ["CMD-SHELL", HealthCommand[0]] : ["CMD", .. HealthCommand]);
        }
        health.Interval = IsBound(nameof(HealthInterval)) ? Span(HealthInterval) : health.Interval;
        health.Timeout = IsBound(nameof(HealthTimeout)) ? Span(HealthTimeout) : health.Timeout;
        health.StartPeriod = IsBound(nameof(HealthStartPeriod)) ? Span(HealthStartPeriod) : health.StartPeriod;
        health.Retries = IsBound(nameof(HealthRetries)) ? (uint)HealthRetries : health.Retries;
    }

    private void ApplyPlacement(V1.Placement placement)
    {
        Merge(placement.Constraints, Constraint);
        Merge(placement.SpreadPreferences, PlacementPreference);
        placement.MaxReplicasPerNode = IsBound(nameof(MaxReplicasPerNode)) ? (ulong)MaxReplicasPerNode : placement.MaxReplicasPerNode;
    }

    private void ApplyResources(V1.ResourceRequirements resources)
    {
        var (limits, reservations) = (resources.Limits, resources.Reservations);
        limits.NanoCpus = IsBound(nameof(LimitCpu)) ? (long)(LimitCpu * NanoCpus) : limits.NanoCpus;
        limits.MemoryBytes = IsBound(nameof(LimitMemory)) ? LimitMemory : limits.MemoryBytes;
        reservations.NanoCpus = IsBound(nameof(ReserveCpu)) ? (long)(ReserveCpu * NanoCpus) : reservations.NanoCpus;
        reservations.MemoryBytes = IsBound(nameof(ReserveMemory)) ? ReserveMemory : reservations.MemoryBytes;
        resources.PidsLimit = IsBound(nameof(LimitPids)) ? LimitPids : resources.PidsLimit;
        if (limits.NanoCpus > 0 && reservations.NanoCpus > limits.NanoCpus)
        {
            throw Conflict("More CPU is reserved than the limit allows.", "Lower -ReserveCpu or raise -LimitCpu.");
        }
        if (limits.MemoryBytes > 0 && reservations.MemoryBytes > limits.MemoryBytes)
        {
            throw Conflict("More memory is reserved than the limit allows.", "Lower -ReserveMemory or raise -LimitMemory.");
        }
    }

    private void ApplyRestart(V1.RestartPolicy policy)
    {
        policy.Condition = IsBound(nameof(RestartCondition)) ? (V1.RestartCondition)RestartCondition : policy.Condition;
        policy.Delay = IsBound(nameof(RestartDelay)) ? Span(RestartDelay) : policy.Delay;
        policy.MaxAttempts = IsBound(nameof(RestartMaxAttempts)) ? (ulong)RestartMaxAttempts : policy.MaxAttempts;
        policy.Window = IsBound(nameof(RestartWindow)) ? Span(RestartWindow) : policy.Window;
    }

    private void ApplyUpdate(
        V1.UpdateConfig config,
        string prefix,
        long parallelism,
        TimeSpan delay,
        TimeSpan monitor,
        FailureAction action,
        double ratio,
        UpdateOrder order
    )
    {
        config.Parallelism = IsBound(prefix + "Parallelism") ? (ulong)parallelism : config.Parallelism;
        config.Delay = IsBound(prefix + "Delay") ? Span(delay) : config.Delay;
        config.Monitor = IsBound(prefix + "Monitor") ? Span(monitor) : config.Monitor;
        config.FailureAction = IsBound(prefix + "FailureAction") ? (V1.FailureAction)action : config.FailureAction;
        config.MaxFailureRatio = IsBound(prefix + "MaxFailureRatio") ? ratio : config.MaxFailureRatio;
        config.Order = IsBound(prefix + "Order") ? (V1.UpdateOrder)order : config.Order;
    }

    private static V1.PublishedPort ToMessage(PublishedPort port) =>
        new()
        {
            Protocol = (V1.PortProtocol)port.Protocol,
            TargetPort = (uint)port.Target,
            PublishedPort_ = (uint)port.Published,
            Mode = (V1.PublishMode)port.Mode,
        };

    private static V1.Mount ToMessage(Mount mount)
    {
        var message = new V1.Mount
        {
            Type = (V1.MountType)mount.Type,
            Source = mount.Source,
            Target = mount.Target,
            ReadOnly = mount.ReadOnly,
            TmpfsSizeBytes = (ulong)mount.TmpfsSize,
            TmpfsMode = (uint)mount.TmpfsMode,
            VolumeDriver = mount.VolumeDriver,
        };
        message.VolumeLabels.Add(mount.VolumeLabels);
        return message;
    }

    private void Replace(RepeatedField<string> list, string parameter, string[] values)
    {
        if (IsBound(parameter))
        {
            list.Clear();
            list.Add(values);
        }
    }

    private static void Merge(RepeatedField<string> list, string[] values) =>
        list.Add(values.Where(v => !list.Contains(v)).Distinct(StringComparer.Ordinal).ToArray());

    private static void Upsert<T>(RepeatedField<T> list, Func<T, bool> same, T value)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (same(list[i]))
            {
                list[i] = value;
                return;
            }
        }
        list.Add(value);
    }

    private static void Put(MapField<string, string> map, Hashtable values)
    {
        foreach (DictionaryEntry entry in values)
        {
            map[(string)entry.Key] = $"{entry.Value}";
        }
    }

    private static Duration Span(TimeSpan span) => Duration.FromTimeSpan(span);

    private static SwarmException Conflict(string message, string action) => new("ConflictingParameters", message, "", action);
}
