using System.Text.Json.Nodes;
using Docker.DotNet.Models;
using Swarm.Core.Model;
using Mount = Swarm.Core.Model.Mount;

namespace Swarm.Engine;

/// <summary>A mount in Docker's words: in a service's spec, and in the call that creates a container.</summary>
internal static class DockerMount
{
    public static ValueList<Mount> ReadAll(JsonArray? raw) => (raw ?? []).Select(Read).ToValueList();

    /// <summary>A mount that does not change keeps the properties that only Docker knows.</summary>
    public static void ChangeAll(JsonObject container, ValueList<Mount> before, ValueList<Mount> after)
    {
        if (before == after)
        {
            return;
        }
        var known = (container.Array("Mounts") ?? []).OfType<JsonObject>().ToList();
        var mounts = new JsonArray();
        foreach (var mount in after)
        {
            var same = known.Find(m => Read(m) == mount);
            var kin = same ?? known.Find(m => m.Text("Target") == mount.Target && Read(m).Type == mount.Type);
            var written = kin?.Copy() ?? [];
            if (same is null)
            {
                Write(written, mount);
            }
            mounts.Add((JsonNode)written);
        }
        container["Mounts"] = mounts;
    }

    public static Docker.DotNet.Models.Mount ToCreate(Mount mount) =>
        new()
        {
            Type = TypeName(mount.Type),
            Source = mount.Source.Length > 0 ? mount.Source : null,
            Target = mount.Target,
            ReadOnly = mount.ReadOnly,
            TmpfsOptions =
                mount.Type == MountType.Tmpfs && (mount.TmpfsSizeBytes > 0 || mount.TmpfsMode > 0)
                    ? new TmpfsOptions { SizeBytes = (long)mount.TmpfsSizeBytes, Mode = mount.TmpfsMode }
                    : null,
            VolumeOptions =
                mount.Type == MountType.Volume && (mount.VolumeDriver.Length > 0 || mount.VolumeLabels.Count > 0)
                    ? new VolumeOptions
                    {
                        Labels = new Dictionary<string, string>(mount.VolumeLabels),
                        DriverConfig = mount.VolumeDriver.Length > 0 ? new Driver { Name = mount.VolumeDriver } : null,
                    }
                    : null,
        };

    private static Mount Read(JsonNode? raw) =>
        new()
        {
            Type = raw.Text("Type") switch
            {
                "bind" => MountType.Bind,
                "tmpfs" => MountType.Tmpfs,
                _ => MountType.Volume,
            },
            Source = raw.Text("Source"),
            Target = raw.Text("Target"),
            ReadOnly = raw.Flag("ReadOnly"),
            TmpfsSizeBytes = (ulong)(raw.Object("TmpfsOptions").Number("SizeBytes") ?? 0),
            TmpfsMode = (uint)(raw.Object("TmpfsOptions").Number("Mode") ?? 0),
            VolumeDriver = raw.Object("VolumeOptions").Object("DriverConfig").Text("Name"),
            VolumeLabels = raw.Object("VolumeOptions").Map("Labels"),
        };

    private static void Write(JsonObject raw, Mount mount)
    {
        raw["Type"] = TypeName(mount.Type);
        raw["Target"] = mount.Target;
        raw.ChangeText("Source", raw.Text("Source"), mount.Source);
        raw.ChangeFlag("ReadOnly", raw.Flag("ReadOnly"), mount.ReadOnly);
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

    private static string TypeName(MountType type) =>
        type switch
        {
            MountType.Bind => "bind",
            MountType.Tmpfs => "tmpfs",
            _ => "volume",
        };
}
