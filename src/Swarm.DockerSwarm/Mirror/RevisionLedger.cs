using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;
using Swarm.Storage;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>Numbers the specs that services have had, and keeps them in the state directory: Docker itself keeps only one.</summary>
/// <remarks>Each service has a file, readable by its owner only: a spec may hold secrets in its environment. A single writer is allowed at
/// a time; readers may come at any time.</remarks>
public sealed class RevisionLedger
{
    /// <summary>Revisions kept of one service; the oldest go first.</summary>
    public const int Kept = 100;

    private const string Extension = ".json";
    private readonly string _directory;
    private readonly Dictionary<string, List<SeenRevision>> _services = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);

    public RevisionLedger(StateDirectory directory)
    {
        _directory = directory.CreateSubdirectory("docker-revisions");
        foreach (var file in Directory.EnumerateFiles(_directory, "*" + Extension))
        {
            if (Read(file) is { } revisions)
            {
                _services[Path.GetFileNameWithoutExtension(file)] = revisions;
            }
        }
    }

    public IReadOnlyCollection<string> ServiceIds
    {
        get
        {
            lock (_gate)
            {
                return [.. _services.Keys];
            }
        }
    }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<SeenRevision> Of(string serviceId)
    {
        lock (_gate)
        {
            return _services.TryGetValue(serviceId, out var list) ? [.. list] : [];
        }
    }

    public SeenRevision? Find(string serviceId, string key)
    {
        lock (_gate)
        {
            return _services.TryGetValue(serviceId, out var list) ? list.Find(r => r.Key == key) : null;
        }
    }

    public SeenRevision? Find(string serviceId, ulong number)
    {
        lock (_gate)
        {
            return _services.TryGetValue(serviceId, out var list) ? list.Find(r => r.Number == number) : null;
        }
    }

    public SeenRevision Add(string serviceId, JsonObject spec, DateTimeOffset createdAt)
    {
        var key = DockerServiceSpec.TemplateKey(spec.Object("TaskTemplate"));
        lock (_gate)
        {
            if (!_services.TryGetValue(serviceId, out var list))
            {
                _services[serviceId] = list = [];
            }
            var number = list.Count == 0 ? 1 : list.Max(static r => r.Number) + 1;
            var revision = new SeenRevision(number, createdAt, key, spec.Copy());
            list.Add(revision);
            _changed.Add(serviceId);
            return revision;
        }
    }

    /// <summary>The revisions to delete, so that the limit is kept; revisions in use are never among them.</summary>
    public IReadOnlyList<SeenRevision> Trim(string serviceId, IReadOnlySet<ulong> inUse)
    {
        lock (_gate)
        {
            if (!_services.TryGetValue(serviceId, out var list) || list.Count <= Kept)
            {
                return [];
            }
            var old = list.Where(r => !inUse.Contains(r.Number)).Take(list.Count - Kept).ToList();
            list.RemoveAll(old.Contains);
            _changed.Add(serviceId);
            return old;
        }
    }

    /// <summary>Deletes the revisions of a removed service.</summary>
    public void Forget(string serviceId)
    {
        lock (_gate)
        {
            if (_services.Remove(serviceId))
            {
                _changed.Remove(serviceId);
                File.Delete(PathOf(serviceId));
            }
        }
    }

    /// <summary>Writes what has changed.</summary>
    public void Save()
    {
        foreach (var serviceId in _changed)
        {
            var array = new JsonArray();
            foreach (var revision in Of(serviceId))
            {
                array.Add(
                    (JsonNode)
                        new JsonObject
                        {
                            ["number"] = revision.Number,
                            ["createdAt"] = revision.CreatedAt.ToString("O", CultureInfo.InvariantCulture),
                            ["spec"] = revision.Spec.DeepClone(),
                        }
                );
            }
            DurableFile.Write(PathOf(serviceId), Encoding.UTF8.GetBytes(array.ToJsonString()));
        }
        _changed.Clear();
    }

    private string PathOf(string serviceId) => Path.Combine(_directory, serviceId + Extension);

    /// <summary>Renames a file that cannot be read: history is worth less than a running control plane.</summary>
    private static List<SeenRevision>? Read(string file)
    {
        try
        {
            var revisions = new List<SeenRevision>();
            foreach (var entry in JsonNode.Parse(File.ReadAllBytes(file)) as JsonArray ?? [])
            {
                if (entry.Object("spec") is { } spec && entry.Unsigned("number") is { } number)
                {
                    var key = DockerServiceSpec.TemplateKey(spec.Object("TaskTemplate"));
                    revisions.Add(new SeenRevision(number, entry.Time("createdAt") ?? default, key, spec));
                }
            }
            return revisions;
        }
        catch (JsonException)
        {
            File.Move(file, file + ".damaged", overwrite: true);
            return null;
        }
    }
}
