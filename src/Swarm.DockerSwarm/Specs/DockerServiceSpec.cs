using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Reads Docker's service spec, and writes changes of our spec into it. Properties that our spec does not have stay as they are, letter for
/// letter.</summary>
/// <remarks>Source of what absent properties mean: moby daemon/cluster/convert and moby/swarmkit api/defaults.</remarks>
internal static class DockerServiceSpec
{
    public static ServiceSpec Read(JsonObject raw)
    {
        var template = raw.Object("TaskTemplate");
        return new ServiceSpec
        {
            Name = raw.Text("Name"),
            Labels = raw.Map("Labels"),
            Mode = ReadMode(raw.Object("Mode")),
            Container = DockerContainer.Read(template.Object("ContainerSpec")),
            Resources = DockerResources.Read(template.Object("Resources")),
            Restart = DockerRestartPolicy.Read(template.Object("RestartPolicy")),
            Placement = DockerPlacement.Read(template.Object("Placement")),
            Update = DockerUpdateConfig.Read(raw.Object("UpdateConfig")),
            Rollback = DockerUpdateConfig.Read(raw.Object("RollbackConfig")),
            ForceUpdate = template.Unsigned("ForceUpdate") ?? 0,
            Networks = (NetworksOf(raw) ?? []).Select(static n => n.Text("Target")).ToValueList(),
            Ports = DockerPorts.Read(raw.Object("EndpointSpec")),
        };
    }

    /// <summary>Docker's spec of a new service, with the values that differ from Docker's defaults.</summary>
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
        Change(made, Read(made), spec);
        return made;
    }

    /// <summary>Changes <paramref name="raw"/>, which <paramref name="before"/> was read from, so that it reads as <paramref name="after"/>.</summary>
    public static void Change(JsonObject raw, ServiceSpec before, ServiceSpec after)
    {
        var template = raw.Child("TaskTemplate");
        raw.ChangeMap("Labels", before.Labels, after.Labels);
        ChangeMode(raw, before.Mode, after.Mode);
        DockerContainer.Change(template.Child("ContainerSpec"), before.Container, after.Container);
        DockerResources.Change(template, before.Resources, after.Resources);
        DockerRestartPolicy.Change(template, before.Restart, after.Restart);
        DockerPlacement.Change(template, before.Placement, after.Placement);
        DockerUpdateConfig.Change(raw, "UpdateConfig", before.Update, after.Update);
        DockerUpdateConfig.Change(raw, "RollbackConfig", before.Rollback, after.Rollback);
        template.ChangeNumber("ForceUpdate", before.ForceUpdate, after.ForceUpdate);
        ChangeNetworks(raw, template, before.Networks, after.Networks);
        DockerPorts.Change(raw, before.Ports, after.Ports);
    }

    /// <summary>The text that identifies a task's template. Tasks show the template that they were made of, without the runtime.</summary>
    public static string TemplateKey(JsonObject? template)
    {
        if (template is null)
        {
            return "";
        }
        var key = new System.Text.StringBuilder();
        foreach (var (name, value) in template)
        {
            if (name != "Runtime")
            {
                key.Append(name).Append('=').Append(value?.ToJsonString()).Append('\n');
            }
        }
        return key.ToString();
    }

    /// <summary>Ids (or names, as the engine was told). Old clients put them beside the template.</summary>
    public static JsonArray? NetworksOf(JsonObject raw) => raw.Object("TaskTemplate").Array("Networks") ?? raw.Array("Networks");

    /// <summary>A network that stays keeps its aliases and options.</summary>
    private static void ChangeNetworks(JsonObject raw, JsonObject template, ValueList<string> before, ValueList<string> after)
    {
        if (before == after)
        {
            return;
        }
        var known = (NetworksOf(raw) ?? []).OfType<JsonObject>().ToList();
        var networks = new JsonArray();
        foreach (var network in after)
        {
            networks.Add((JsonNode)(known.Find(n => n.Text("Target") == network)?.Copy() ?? new JsonObject { ["Target"] = network }));
        }
        raw.Remove("Networks");
        template["Networks"] = networks;
    }

    private static ServiceMode ReadMode(JsonObject? mode)
    {
        if (mode.Object("Global") is not null || mode.Object("GlobalJob") is not null)
        {
            return new ServiceMode.Global();
        }
        // A job's tasks are counted as replicas; that it is a job stays in Docker's spec.
        return mode.Object("ReplicatedJob") is { } job
            ? new ServiceMode.Replicated(job.Unsigned("TotalCompletions") ?? job.Unsigned("MaxConcurrent") ?? 1)
            : new ServiceMode.Replicated(mode.Object("Replicated").Unsigned("Replicas") ?? 1);
    }

    private static void ChangeMode(JsonObject raw, ServiceMode before, ServiceMode after)
    {
        if (before == after || after is not ServiceMode.Replicated replicated)
        {
            return;
        }
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
