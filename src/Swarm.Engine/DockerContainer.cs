using System.Text.Json.Nodes;
using Docker.DotNet.Models;
using Swarm.Core.Model;
using ContainerSpec = Swarm.Core.Model.ContainerSpec;

namespace Swarm.Engine;

/// <summary>The options of a container in Docker's words: in a service's spec, and in the call that creates a container.</summary>
/// <remarks>Source of what absent properties mean: moby daemon/cluster/convert and moby/swarmkit api/defaults.</remarks>
public static class DockerContainer
{
    /// <param name="raw">A ContainerSpec; null: all defaults.</param>
    public static ContainerSpec Read(JsonObject? raw) =>
        new()
        {
            Image = raw.Text("Image"),
            Entrypoint = raw.Texts("Command"),
            Command = raw.Texts("Args"),
            Env = raw.Texts("Env"),
            Dir = raw.Text("Dir"),
            User = raw.Text("User"),
            Groups = raw.Texts("Groups"),
            Hostname = raw.Text("Hostname"),
            Labels = raw.Map("Labels"),
            Mounts = DockerMount.ReadAll(raw.Array("Mounts")),
            HealthCheck = DockerHealthCheck.Read(raw.Object("Healthcheck")),
            StopSignal = raw.Text("StopSignal"),
            StopGracePeriod = raw.Duration("StopGracePeriod") ?? TimeSpan.FromSeconds(10),
            CapabilityAdd = raw.Texts("CapabilityAdd"),
            CapabilityDrop = raw.Texts("CapabilityDrop"),
            ReadOnly = raw.Flag("ReadOnly"),
            Init = raw.Flag("Init"),
            Tty = raw.Flag("TTY"),
            Sysctls = raw.Map("Sysctls"),
        };

    /// <summary>Changes a ContainerSpec that <paramref name="before"/> was read from, so that it reads as <paramref name="after"/>.</summary>
    public static void Change(JsonObject raw, ContainerSpec before, ContainerSpec after)
    {
        raw.ChangeText("Image", before.Image, after.Image);
        raw.ChangeTexts("Command", before.Entrypoint, after.Entrypoint);
        raw.ChangeTexts("Args", before.Command, after.Command);
        raw.ChangeTexts("Env", before.Env, after.Env);
        raw.ChangeText("Dir", before.Dir, after.Dir);
        raw.ChangeText("User", before.User, after.User);
        raw.ChangeTexts("Groups", before.Groups, after.Groups);
        raw.ChangeText("Hostname", before.Hostname, after.Hostname);
        raw.ChangeMap("Labels", before.Labels, after.Labels);
        DockerMount.ChangeAll(raw, before.Mounts, after.Mounts);
        DockerHealthCheck.Change(raw, before.HealthCheck, after.HealthCheck);
        raw.ChangeText("StopSignal", before.StopSignal, after.StopSignal);
        raw.ChangeDuration("StopGracePeriod", before.StopGracePeriod, after.StopGracePeriod);
        raw.ChangeTexts("CapabilityAdd", before.CapabilityAdd, Capabilities(after.CapabilityAdd));
        raw.ChangeTexts("CapabilityDrop", before.CapabilityDrop, Capabilities(after.CapabilityDrop));
        raw.ChangeFlag("ReadOnly", before.ReadOnly, after.ReadOnly);
        raw.ChangeFlag("Init", before.Init, after.Init);
        raw.ChangeFlag("TTY", before.Tty, after.Tty);
        raw.ChangeMap("Sysctls", before.Sysctls, after.Sysctls);
    }

    /// <summary>The parameters of the engine's create call. The caller adds name, labels and limits; the call that stops the container has the
    /// grace period.</summary>
    /// <remarks>Empty values are left out. The engine then takes the image's value, or its default.</remarks>
    public static CreateContainerParameters ToCreate(ContainerSpec spec)
    {
        var host = new HostConfig
        {
            ReadonlyRootfs = spec.ReadOnly,
            Init = spec.Init ? true : null,
            CapAdd = List(spec.CapabilityAdd),
            CapDrop = List(spec.CapabilityDrop),
            GroupAdd = List(spec.Groups),
            Sysctls = spec.Sysctls.Count > 0 ? spec.Sysctls.ToDictionary() : null,
            Mounts = spec.Mounts.Count > 0 ? [.. spec.Mounts.Select(DockerMount.ToCreate)] : null,
        };
        return new CreateContainerParameters
        {
            Image = spec.Image,
            Entrypoint = List(spec.Entrypoint),
            Cmd = List(spec.Command),
            Env = List(spec.Env),
            WorkingDir = spec.Dir,
            User = spec.User,
            Hostname = spec.Hostname,
            Healthcheck = DockerHealthCheck.ToCreate(spec.HealthCheck),
            StopSignal = spec.StopSignal.Length > 0 ? spec.StopSignal : null,
            Tty = spec.Tty,
            HostConfig = host,
        };
    }

    // The library's own default, which it declares as not null, is null: it leaves such a property out.
    private static List<string> List(ValueList<string> texts) => texts.Count > 0 ? [.. texts] : null!;

    /// <summary>As the engine compares them: upper case, with the prefix. Source: moby opts.EffectiveCapAddCapDrop.</summary>
    private static ValueList<string> Capabilities(ValueList<string> names) =>
        names
            .Select(static n => n.ToUpperInvariant())
            .Select(static n => n == "ALL" || n.StartsWith("CAP_", StringComparison.Ordinal) ? n : "CAP_" + n)
            .ToValueList();
}
