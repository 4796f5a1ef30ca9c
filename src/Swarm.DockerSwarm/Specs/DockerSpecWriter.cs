using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Writes the differences between two of our specs into Docker's. All other parts of Docker's spec stay unchanged.</summary>
internal static class DockerSpecWriter
{
    /// <summary>Docker's spec of a new service, with its differences from Docker's defaults.</summary>
    public static JsonObject New(ServiceSpec spec)
    {
        var made = new JsonObject
        {
            ["Name"] = spec.Name,
            ["TaskTemplate"] = new JsonObject { ["ContainerSpec"] = new JsonObject() },
            ["Mode"] =
                spec.Mode is ServiceMode.Global
                    ? new JsonObject { ["Global"] = new JsonObject() }
                    : new JsonObject { ["Replicated"] = new JsonObject { ["Replicas"] = 1UL } },
        };
        Change(made, DockerSpecReader.Read(made), spec);
        return made;
    }

    /// <summary>Changes <paramref name="raw"/>, from which <paramref name="before"/> was read, so that reading it gives <paramref name="after"/>.</summary>
    public static void Change(JsonObject raw, ServiceSpec before, ServiceSpec after)
    {
        var template = raw.Child("TaskTemplate");
        if (before.Labels != after.Labels)
        {
            raw["Labels"] = Json.Object(after.Labels);
        }
        Container(template.Child("ContainerSpec"), before.Container, after.Container);
        Resources(template, before.Resources, after.Resources);
        Restart(template, before.Restart, after.Restart);
        Placement(template, before.Placement, after.Placement);
        Update(raw, "UpdateConfig", before.Update, after.Update);
        Update(raw, "RollbackConfig", before.Rollback, after.Rollback);
        if (before.Networks != after.Networks)
        {
            Networks(raw, template, after.Networks);
        }
        if (before.Ports != after.Ports)
        {
            Ports(raw.Child("EndpointSpec"), after.Ports);
        }
        if (before.ForceUpdate != after.ForceUpdate)
        {
            template["ForceUpdate"] = after.ForceUpdate;
        }
        if (before.Mode != after.Mode && after.Mode is ServiceMode.Replicated replicated)
        {
            var mode = raw.Child("Mode");
            if (mode["ReplicatedJob"] is JsonObject job)
            {
                job["TotalCompletions"] = replicated.Replicas;
            }
            else
            {
                mode.Child("Replicated")["Replicas"] = replicated.Replicas;
            }
        }
    }

    /// <summary>A network that stays keeps its aliases and options.</summary>
    private static void Networks(JsonObject raw, JsonObject template, ValueList<string> after)
    {
        var known = (DockerSpecReader.NetworksOf(raw) ?? []).OfType<JsonObject>().ToList();
        var networks = new JsonArray();
        foreach (var network in after)
        {
            networks.Add((JsonNode)(known.Find(n => n.Text("Target") == network)?.Copy() ?? new JsonObject { ["Target"] = network }));
        }
        raw.Remove("Networks");
        template["Networks"] = networks;
    }

    /// <summary>A port that stays keeps its name.</summary>
    private static void Ports(JsonObject endpoint, ValueList<PublishedPort> after)
    {
        var known = (endpoint.Array("Ports") ?? []).OfType<JsonObject>().ToList();
        var ports = new JsonArray();
        foreach (var port in after)
        {
            var written = known.Find(p => DockerSpecReader.Port(p) == port)?.Copy();
            if (written is null)
            {
                written = new JsonObject
                {
                    ["Protocol"] = port.Protocol.ToString().ToLowerInvariant(),
                    ["TargetPort"] = port.Target,
                    ["PublishMode"] = port.Mode == PublishMode.Host ? "host" : "ingress",
                };
                if (port.Published > 0)
                {
                    written["PublishedPort"] = port.Published;
                }
            }
            ports.Add((JsonNode)written);
        }
        endpoint["Ports"] = ports;
    }

    private static void Container(JsonObject raw, ContainerSpec before, ContainerSpec after)
    {
        Text(raw, "Image", before.Image, after.Image);
        Texts(raw, "Command", before.Entrypoint, after.Entrypoint);
        Texts(raw, "Args", before.Command, after.Command);
        Texts(raw, "Env", before.Env, after.Env);
        Text(raw, "Dir", before.Dir, after.Dir);
        Text(raw, "User", before.User, after.User);
        Texts(raw, "Groups", before.Groups, after.Groups);
        Text(raw, "Hostname", before.Hostname, after.Hostname);
        if (before.Labels != after.Labels)
        {
            raw["Labels"] = Json.Object(after.Labels);
        }
        if (before.Mounts != after.Mounts)
        {
            Mounts(raw, after.Mounts);
        }
        if (before.HealthCheck != after.HealthCheck)
        {
            HealthCheck(raw, before.HealthCheck, after.HealthCheck);
        }
        Text(raw, "StopSignal", before.StopSignal, after.StopSignal);
        if (before.StopGracePeriod != after.StopGracePeriod)
        {
            raw["StopGracePeriod"] = Json.Nanoseconds(after.StopGracePeriod);
        }
        Texts(raw, "CapabilityAdd", before.CapabilityAdd, Capabilities(after.CapabilityAdd));
        Texts(raw, "CapabilityDrop", before.CapabilityDrop, Capabilities(after.CapabilityDrop));
        Flag(raw, "ReadOnly", before.ReadOnly, after.ReadOnly);
        Flag(raw, "Init", before.Init, after.Init);
        Flag(raw, "TTY", before.Tty, after.Tty);
    }

    /// <summary>A mount that is equal in our model keeps the options that only Docker knows.</summary>
    private static void Mounts(JsonObject raw, ValueList<Mount> after)
    {
        var known = (raw.Array("Mounts") ?? []).OfType<JsonObject>().ToList();
        var mounts = new JsonArray();
        foreach (var mount in after)
        {
            var same = known.Find(m => DockerSpecReader.Mount(m) == mount);
            var kin = same ?? known.Find(m => m.Text("Target") == mount.Target && DockerSpecReader.Mount(m).Type == mount.Type);
            var written = kin?.Copy() ?? [];
            if (same is null)
            {
                Mount(written, mount);
            }
            mounts.Add((JsonNode)written);
        }
        raw["Mounts"] = mounts;
    }

    private static void Mount(JsonObject raw, Mount mount)
    {
        raw["Type"] = mount.Type switch
        {
            MountType.Bind => "bind",
            MountType.Tmpfs => "tmpfs",
            _ => "volume",
        };
        raw["Target"] = mount.Target;
        Text(raw, "Source", raw.Text("Source"), mount.Source);
        Flag(raw, "ReadOnly", raw.Flag("ReadOnly"), mount.ReadOnly);
        if (mount.Type == MountType.Tmpfs && (mount.TmpfsSizeBytes > 0 || mount.TmpfsMode > 0 || raw["TmpfsOptions"] is not null))
        {
            raw.Child("TmpfsOptions")["SizeBytes"] = mount.TmpfsSizeBytes;
            raw.Child("TmpfsOptions")["Mode"] = mount.TmpfsMode;
        }
        if (
            mount.Type == MountType.Volume
            && (mount.VolumeDriver.Length > 0 || mount.VolumeLabels.Count > 0 || raw["VolumeOptions"] is not null)
        )
        {
            var options = raw.Child("VolumeOptions");
            options["Labels"] = Json.Object(mount.VolumeLabels);
            if (mount.VolumeDriver.Length > 0)
            {
                options.Child("DriverConfig")["Name"] = mount.VolumeDriver;
            }
            else
            {
                options.Remove("DriverConfig");
            }
        }
    }

    private static void HealthCheck(JsonObject raw, HealthCheck? before, HealthCheck? after)
    {
        if (after is null)
        {
            raw.Remove("Healthcheck");
            return;
        }
        var check = raw.Child("Healthcheck");
        Texts(check, "Test", before?.Test ?? [], after.Test);
        Duration(check, "Interval", before?.Interval, after.Interval);
        Duration(check, "Timeout", before?.Timeout, after.Timeout);
        Duration(check, "StartPeriod", before?.StartPeriod, after.StartPeriod);
        if (before?.Retries != after.Retries)
        {
            check["Retries"] = after.Retries;
        }
    }

    private static void Resources(JsonObject template, ResourceRequirements before, ResourceRequirements after)
    {
        if (before == after)
        {
            return;
        }
        var resources = template.Child("Resources");
        Amount(resources.Child("Limits"), before.Limits, after.Limits);
        Amount(resources.Child("Reservations"), before.Reservations, after.Reservations);
        if (before.PidsLimit != after.PidsLimit)
        {
            resources.Child("Limits")["Pids"] = after.PidsLimit;
        }
    }

    private static void Amount(JsonObject raw, ResourceAmount before, ResourceAmount after)
    {
        if (before.NanoCpus != after.NanoCpus)
        {
            raw["NanoCPUs"] = after.NanoCpus;
        }
        if (before.MemoryBytes != after.MemoryBytes)
        {
            raw["MemoryBytes"] = after.MemoryBytes;
        }
    }

    private static void Restart(JsonObject template, RestartPolicy before, RestartPolicy after)
    {
        if (before == after)
        {
            return;
        }
        var policy = template.Child("RestartPolicy");
        if (before.Condition != after.Condition)
        {
            policy["Condition"] = after.Condition switch
            {
                RestartCondition.None => "none",
                RestartCondition.OnFailure => "on-failure",
                _ => "any",
            };
        }
        if (before.Delay != after.Delay)
        {
            policy["Delay"] = Json.Nanoseconds(after.Delay);
        }
        if (before.MaxAttempts != after.MaxAttempts)
        {
            policy["MaxAttempts"] = after.MaxAttempts;
        }
        if (before.Window != after.Window)
        {
            policy["Window"] = Json.Nanoseconds(after.Window);
        }
    }

    private static void Placement(JsonObject template, Placement before, Placement after)
    {
        if (before == after)
        {
            return;
        }
        var placement = template.Child("Placement");
        Texts(placement, "Constraints", before.Constraints, after.Constraints);
        if (before.SpreadPreferences != after.SpreadPreferences)
        {
            placement["Preferences"] = new JsonArray([
                .. after.SpreadPreferences.Select(static d => new JsonObject { ["Spread"] = new JsonObject { ["SpreadDescriptor"] = d } }),
            ]);
        }
        if (before.MaxReplicasPerNode != after.MaxReplicasPerNode)
        {
            placement["MaxReplicas"] = after.MaxReplicasPerNode;
        }
        if (before.Platforms != after.Platforms)
        {
            Platforms(placement, after.Platforms);
        }
    }

    private static void Platforms(JsonObject placement, ValueList<string> after)
    {
        if (after.Count == 0)
        {
            placement.Remove("Platforms");
            return;
        }
        var platforms = new JsonArray();
        foreach (var platform in after)
        {
            var parts = platform.Split('/', 2);
            var written = new JsonObject { ["OS"] = parts[0] };
            if (parts.Length > 1)
            {
                written["Architecture"] = parts[1];
            }
            platforms.Add((JsonNode)written);
        }
        placement["Platforms"] = platforms;
    }

    private static void Update(JsonObject raw, string name, UpdateConfig before, UpdateConfig after)
    {
        if (before == after)
        {
            return;
        }
        // The defaults of an absent policy differ from the defaults within a present one, so a new one is written in full.
        var whole = raw[name] is null;
        var config = raw.Child(name);
        Set(whole || before.Parallelism != after.Parallelism, "Parallelism", after.Parallelism);
        Set(whole || before.Delay != after.Delay, "Delay", Json.Nanoseconds(after.Delay));
        // Docker takes 0 as "not set" and monitors for 5 s, so 0 is written as the shortest possible time.
        Set(
            whole || before.Monitor != after.Monitor,
            "Monitor",
            after.Monitor > TimeSpan.Zero ? Json.Nanoseconds(after.Monitor) : JsonValue.Create(1)
        );
        Set(
            whole || before.FailureAction != after.FailureAction,
            "FailureAction",
            after.FailureAction switch
            {
                FailureAction.Continue => "continue",
                FailureAction.Rollback => "rollback",
                _ => "pause",
            }
        );
        Set(whole || !before.MaxFailureRatio.Equals(after.MaxFailureRatio), "MaxFailureRatio", after.MaxFailureRatio);
        Set(whole || before.Order != after.Order, "Order", after.Order == UpdateOrder.StartFirst ? "start-first" : "stop-first");

        void Set(bool changed, string property, JsonNode value)
        {
            if (changed)
            {
                config[property] = value;
            }
        }
    }

    /// <summary>The names as the engine compares them: upper case, with the prefix. Source: moby opts.EffectiveCapAddCapDrop.</summary>
    private static ValueList<string> Capabilities(ValueList<string> names) =>
        names
            .Select(static n => n.ToUpperInvariant())
            .Select(static n => n == "ALL" || n.StartsWith("CAP_", StringComparison.Ordinal) ? n : "CAP_" + n)
            .ToValueList();

    private static void Text(JsonObject raw, string name, string before, string after)
    {
        if (before == after)
        {
            return;
        }
        if (after.Length > 0)
        {
            raw[name] = after;
        }
        else
        {
            raw.Remove(name);
        }
    }

    private static void Texts(JsonObject raw, string name, ValueList<string> before, ValueList<string> after)
    {
        if (before == after)
        {
            return;
        }
        if (after.Count > 0)
        {
            raw[name] = Json.Array(after);
        }
        else
        {
            raw.Remove(name);
        }
    }

    private static void Flag(JsonObject raw, string name, bool before, bool after)
    {
        if (before != after)
        {
            raw[name] = after;
        }
    }

    private static void Duration(JsonObject raw, string name, TimeSpan? before, TimeSpan after)
    {
        if (before != after)
        {
            raw[name] = Json.Nanoseconds(after);
        }
    }
}
