using System.Text.Json;
using Google.Protobuf;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Takeover;

/// <summary>A swarm of <c>tests/StateDirectories</c>, as its last swarmd described it before it ended.</summary>
internal sealed class ArchivedSwarm
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default);

    private readonly JsonElement _record;

    private ArchivedSwarm(string name)
    {
        Name = name;
        _record = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "swarm.json"))).RootElement;
    }

    /// <summary>plain or autolocked, and the kind of its log.</summary>
    public string Name { get; }

    public string Folder => Path.Combine(RepositoryFolder.Path, "tests", "StateDirectories", Name);

    /// <summary>When the description was made; the daemons ended within the second after it.</summary>
    public DateTimeOffset At => _record.GetProperty("at").GetDateTimeOffset();

    public bool IsAutolocked => UnlockKey.Length > 0;

    /// <summary>Empty: there is none.</summary>
    public string UnlockKey => Text("unlockKey");

    /// <summary>Of before a rotation; empty: there was none.</summary>
    public string RetiredUnlockKey => Text("retiredUnlockKey");

    /// <summary>Of before a rotation; empty: there was none.</summary>
    public string RetiredWorkerToken => Text("retiredWorkerToken");

    public string AdministratorCertificate => _record.GetProperty("admin").GetProperty("certificate").GetString()!;

    public string AdministratorKey => _record.GetProperty("admin").GetProperty("key").GetString()!;

    public V1.Cluster Cluster => Parser.Parse<V1.Cluster>(_record.GetProperty("cluster").GetRawText());

    public V1.JoinTokens Tokens => Parser.Parse<V1.JoinTokens>(_record.GetProperty("tokens").GetRawText());

    public IReadOnlyList<V1.Node> Nodes => List<V1.Node>("nodes");

    public IReadOnlyList<V1.Service> Services => List<V1.Service>("services");

    public IReadOnlyList<V1.ServiceRevision> Revisions => List<V1.ServiceRevision>("revisions");

    public IReadOnlyList<V1.Task> Tasks => List<V1.Task>("tasks");

    public static ArchivedSwarm Read(string name) => new(name);

    /// <summary>A clock that shows the moment after the description, and goes on from there.</summary>
    public TimeProvider Clock(TimeSpan later = default) => new ArchiveClock(At + later);

    private string Text(string property) => _record.TryGetProperty(property, out var value) ? value.GetString()! : "";

    private List<T> List<T>(string property)
        where T : IMessage<T>, new() =>
        [.. _record.GetProperty(property).EnumerateArray().Select(static m => Parser.Parse<T>(m.GetRawText()))];
}
