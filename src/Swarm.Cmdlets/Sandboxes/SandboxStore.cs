using System.Text.Json;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>The sandboxes of this user, a file each, so that another session finds and stops them.</summary>
internal static class SandboxStore
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static string Directory =>
        Environment.GetEnvironmentVariable("SWARM_SANDBOX_HOME") is { Length: > 0 } home
            ? home
            : Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify)
                    is { Length: > 0 } data
                    ? data
                    : Path.GetTempPath(),
                "swarm",
                "sandboxes"
            );

    public static IReadOnlyList<Sandbox> All()
    {
        if (!System.IO.Directory.Exists(Directory))
        {
            return [];
        }
        List<Sandbox> all = [];
        foreach (var file in System.IO.Directory.EnumerateFiles(Directory, "*.json").Order(StringComparer.Ordinal))
        {
            try
            {
                if (JsonSerializer.Deserialize<Sandbox>(File.ReadAllText(file), Json) is { } sandbox)
                {
                    foreach (var node in sandbox.Nodes)
                    {
                        node.Running = DaemonProcess.IsAlive(node);
                    }
                    all.Add(sandbox);
                }
            }
            catch (Exception e) when (e is JsonException or FileNotFoundException)
            {
                // The file is incomplete after a killed start, or was removed meanwhile: it is no sandbox.
            }
        }
        return all;
    }

    public static bool Exists(string name) => File.Exists(FileOf(name));

    public static void Save(Sandbox sandbox)
    {
        System.IO.Directory.CreateDirectory(Directory);
        var temporary = FileOf(sandbox.Name) + ".new";
        File.WriteAllText(temporary, JsonSerializer.Serialize(sandbox, Json));
        File.Move(temporary, FileOf(sandbox.Name), overwrite: true);
    }

    public static void Delete(string name) => File.Delete(FileOf(name));

    private static string FileOf(string name) => Path.Combine(Directory, name + ".json");
}
