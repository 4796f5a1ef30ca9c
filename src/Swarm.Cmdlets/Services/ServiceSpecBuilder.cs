using System.Collections;
using Google.Protobuf.Collections;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Swarm.Cmdlets.Services;

/// <summary>Writes the given options into a service's spec, and nothing else.</summary>
/// <param name="options">By name, as the parameters of New-SwarmService and Set-SwarmService are named, with values of the parameters' types. An
/// option is given when it is in the set, whatever its value. Names that are no option of a spec (<c>Wait</c>, <c>Session</c>) are passed over.</param>
internal sealed class ServiceSpecBuilder(IReadOnlyDictionary<string, object?> options)
{
    private const decimal NanoCpus = 1_000_000_000;

    /// <summary>The spec of a new service: Docker's defaults, and the options.</summary>
    /// <exception cref="SwarmException">MissingParameter, ConflictingParameters, InvalidImage or InvalidReplicas.</exception>
    public V1.ServiceSpec Create(string name, ServiceMode mode)
    {
        if (Get<string>("Image") is null)
        {
            throw new SwarmException("MissingParameter", "A service needs an image.", name, "Add -Image, for example -Image alpine.");
        }
        var spec = ServiceSpecDefaults.New(name, mode == ServiceMode.Global);
        Change(spec);
        return spec;
    }

    /// <summary>Changes a spec that is <see cref="ServiceSpecDefaults.Complete">complete</see>. Removals come first. Lists and maps are merged into
    /// what is there.</summary>
    /// <exception cref="SwarmException">ConflictingParameters, InvalidImage, InvalidReplicas, or the id of what is to be removed and is not there:
    /// EnvNotFound, MountNotFound, ….</exception>
    public void Change(V1.ServiceSpec spec)
    {
        if (Get<string>("Image") is { } image && string.IsNullOrWhiteSpace(image))
        {
            throw new SwarmException("InvalidImage", "The image is empty.", spec.Name, "Name one, for example -Image alpine.");
        }
        CheckHealth();
        ReconcileCapabilities(spec.Container);
        var given = options.Where(o => o.Value is not null && ServiceOption.All.ContainsKey(o.Key)).ToList();
        foreach (var (name, value) in given.Where(o => ServiceOption.All[o.Key].Use == SpecFieldUse.Remove))
        {
            Remove(ServiceOption.All[name], spec, ((IEnumerable)value!).Cast<object>().ToList());
        }
        foreach (var (name, value) in given)
        {
            if (ServiceOption.All[name] is { Field: { } field, Use: not SpecFieldUse.Remove and var use })
            {
                Set(field, use, spec, value!);
            }
        }
        SetReplicas(spec);
        SetHealthCommand(spec.Container);
        if (Get<SwitchParameter>("ForceUpdate"))
        {
            spec.ForceUpdate++;
        }
        CheckResources(spec.Resources);
        if (Get<FailureAction>("RollbackFailureAction") == FailureAction.Rollback)
        {
            throw Conflict("A rollback cannot be rolled back.", "Use -RollbackFailureAction Pause or Continue.");
        }
    }

    private static void Set(SpecField field, SpecFieldUse use, V1.ServiceSpec spec, object value)
    {
        if (!field.Descriptor.IsRepeated)
        {
            field.Set(spec, Scalar(field.Descriptor, value));
            return;
        }
        var current = field.Open(spec);
        if (use == SpecFieldUse.Replace)
        {
            ((IList)current).Clear();
        }
        switch (current)
        {
            case MapField<string, string> map:
                foreach (DictionaryEntry entry in (IDictionary)value)
                {
                    map[(string)entry.Key] = $"{entry.Value}";
                }
                break;
            case RepeatedField<V1.Mount> mounts:
                SetEach(mounts, ((Mount[])value).Select(ServiceMessages.Of), static (one, other) => one.Target == other.Target);
                break;
            case RepeatedField<V1.PublishedPort> ports:
                SetEach(ports, ((PublishedPort[])value).Select(ServiceMessages.Of), ServiceMessages.IsSamePort);
                break;
            case RepeatedField<string> env when field.Path == "container.env":
                foreach (var variable in (string[])value)
                {
                    Upsert(env, e => NameOf(e) == NameOf(variable), variable);
                }
                break;
            case RepeatedField<string> list when use == SpecFieldUse.Replace:
                list.Add((string[])value);
                break;
            case RepeatedField<string> list:
                list.Add(((string[])value).Where(v => !list.Contains(v)).Distinct(StringComparer.Ordinal).ToArray());
                break;
            default:
                throw new NotSupportedException($"A list like '{field.Path}' is new to {nameof(ServiceSpecBuilder)}.");
        }
    }

    /// <summary>An entry takes the place of the one that the service has. Two of one call stay both, and the manager refuses them by name.</summary>
    private static void SetEach<T>(RepeatedField<T> list, IEnumerable<T> values, Func<T, T, bool> isSame)
        where T : class, IEquatable<T>
    {
        var given = values.Distinct().ToList();
        foreach (var value in given)
        {
            if (given.Exists(other => !ReferenceEquals(other, value) && isSame(other, value)))
            {
                list.Add(value);
            }
            else
            {
                Upsert(list, entry => isSame(entry, value), value);
            }
        }
    }

    private static object Scalar(FieldDescriptor field, object value) =>
        (value, field.FieldType) switch
        {
            (TimeSpan span, FieldType.Message) => Duration.FromTimeSpan(span),
            (SwitchParameter flag, FieldType.Bool) => flag.ToBool(),
            (decimal cpus, FieldType.Int64) => (long)(cpus * NanoCpus),
            (long number, FieldType.UInt64) => (ulong)number,
            (int number, FieldType.UInt32) => (uint)number,
            (System.Enum word, FieldType.Enum) => System.Enum.ToObject(field.EnumType.ClrType, word),
            (string or long or double, FieldType.String or FieldType.Int64 or FieldType.Double) => value,
            _ => throw new NotSupportedException($"'{field.FullName}' cannot be set to a {value.GetType().Name}."),
        };

    private static void Remove(ServiceOption option, V1.ServiceSpec spec, List<object> values)
    {
        // Each value has to take something away: a name that is mistyped would pass for a change.
        var missing = option.Field!.Open(spec) switch
        {
            MapField<string, string> map => values.Where(key => !map.Remove((string)key)),
            RepeatedField<V1.Mount> mounts => values.Where(v => !RemoveWhere(mounts, m => m.Target == (string)v)),
            // As in docker service update --publish-rm, target port and protocol select the port.
            RepeatedField<V1.PublishedPort> ports => values.Where(v =>
                v is PublishedPort port
                && ServiceMessages.Of(port) is var removed
                && !RemoveWhere(ports, p => removed.TargetPort == p.TargetPort && removed.Protocol == p.Protocol)
            ),
            RepeatedField<string> list => values.Where(v => !RemoveWhere(list, e => IsNamed(option.Field.Path, e, (string)v))),
            _ => throw new NotSupportedException($"A list like '{option.Field.Path}' is new to {nameof(ServiceSpecBuilder)}."),
        };
        if (missing.Distinct().ToList() is { Count: > 0 } absent)
        {
            throw new SwarmException(
                option.NotFoundId,
                $"Service '{spec.Name}' does not have what -{option.Name} names: {string.Join(", ", absent.Select(Shown))}.",
                spec.Name,
                $"Get-SwarmService {spec.Name} | Format-List shows what it has."
            );
        }
    }

    private static bool IsNamed(string path, string entry, string name) =>
        path switch
        {
            "container.env" => NameOf(entry) == name,
            "placement.constraints" => Squeeze(entry) == Squeeze(name),
            _ => entry == name,
        };

    private static string Shown(object value) =>
        value is PublishedPort port ? $"{port.Target}/{port.Protocol.ToString().ToLowerInvariant()}" : $"{value}";

    private void SetReplicas(V1.ServiceSpec spec)
    {
        if (!Has("Replicas"))
        {
            return;
        }
        var replicas = Get<long>("Replicas");
        if (spec.ModeCase == V1.ServiceSpec.ModeOneofCase.Global)
        {
            throw Conflict($"Service '{spec.Name}' is global: it runs one task on every node.", "Leave -Replicas out.");
        }
        if (replicas < 0)
        {
            throw new SwarmException("InvalidReplicas", $"A service cannot have {replicas} replicas.", spec.Name, "Give 0 or more.");
        }
        spec.Replicated = new V1.ReplicatedMode { Replicas = (ulong)replicas };
    }

    private void SetHealthCommand(V1.ContainerSpec container)
    {
        if (Get<SwitchParameter>("NoHealthCheck"))
        {
            container.HealthCheck = new V1.HealthCheck { Test = { "NONE" } };
        }
        else if (Get<string[]>("HealthCommand") is { } command)
        {
            container.HealthCheck ??= new V1.HealthCheck();
            container.HealthCheck.Test.Clear();
            // A single string is a command line for a shell; several are a program and its arguments. These are Docker's two forms, and stay
            // what they are where they are written out.
            container.HealthCheck.Test.Add(
                command switch
                {
                    [var line] => ["CMD-SHELL", line],
                    ["CMD" or "CMD-SHELL", ..] => command,
                    _ => ["CMD", .. command],
                }
            );
        }
    }

    private void CheckHealth()
    {
        string[] contradicting = ["HealthCommand", "HealthInterval", "HealthTimeout", "HealthRetries", "HealthStartPeriod"];
        if (Get<SwitchParameter>("NoHealthCheck") && Array.Find(contradicting, Has) is { } option)
        {
            throw Conflict($"-NoHealthCheck and -{option} contradict each other.", "Use one of them.");
        }
    }

    /// <summary>A capability that is added is no longer dropped, and the other way round.</summary>
    private void ReconcileCapabilities(V1.ContainerSpec container)
    {
        var (add, drop) = (Get<string[]>("CapAdd") ?? [], Get<string[]>("CapDrop") ?? []);
        if (add.Intersect(drop, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } both)
        {
            throw Conflict($"Capability {both} is both added and dropped.", "Name it in one of -CapAdd and -CapDrop.");
        }
        RemoveWhere(container.CapabilityDrop, c => add.Contains(c, StringComparer.OrdinalIgnoreCase));
        RemoveWhere(container.CapabilityAdd, c => drop.Contains(c, StringComparer.OrdinalIgnoreCase));
    }

    private static void CheckResources(V1.ResourceRequirements resources)
    {
        var (limits, reservations) = (resources.Limits, resources.Reservations);
        if (limits.NanoCpus > 0 && reservations.NanoCpus > limits.NanoCpus)
        {
            throw Conflict("More CPU is reserved than the limit allows.", "Lower -ReserveCpu or raise -LimitCpu.");
        }
        if (limits.MemoryBytes > 0 && reservations.MemoryBytes > limits.MemoryBytes)
        {
            throw Conflict("More memory is reserved than the limit allows.", "Lower -ReserveMemory or raise -LimitMemory.");
        }
    }

    private bool Has(string option) => options.TryGetValue(option, out var value) && value is not null;

    private T? Get<T>(string option) => options.TryGetValue(option, out var value) && value is T given ? given : default;

    private static string NameOf(string variable) => variable.Split('=')[0];

    private static string Squeeze(string constraint) => constraint.Replace(" ", "", StringComparison.Ordinal);

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

    /// <summary>Whether there was such an entry.</summary>
    private static bool RemoveWhere<T>(RepeatedField<T> list, Func<T, bool> condition)
    {
        var before = list.Count;
        for (var i = before - 1; i >= 0; i--)
        {
            if (condition(list[i]))
            {
                list.RemoveAt(i);
            }
        }
        return list.Count < before;
    }

    private static SwarmException Conflict(string message, string action) => new("ConflictingParameters", message, "", action);
}
