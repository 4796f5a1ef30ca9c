using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Control.State;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>Converts the engine's objects to changes of the mirrored state. Each object is a batch with Docker's version as its index, so
/// that users see Docker's versions.</summary>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed class MirrorSync(StateStore store, RevisionLedger ledger, TimeProvider time)
{
    private readonly MirroredObjects _objects = new(store);
    private readonly MirroredTasks _tasks = new();
    private readonly List<(ulong Index, List<StateChange> Changes, Action? Applied)> _batches = [];

    /// <summary>Services whose status names a failed task that was read too early: the next poll takes them up again.</summary>
    private readonly HashSet<string> _unexplained = new(StringComparer.Ordinal);

    /// <summary>The tasks of this poll; undefined when they were not read.</summary>
    private JsonElement _listed;

    public MirroredService? Service(string id) => _objects.Services.Find(id);

    public MirroredNode? Node(string id) => _objects.Nodes.Find(id);

    /// <summary>Empties the mirror: this node is in no swarm any more, or in another one.</summary>
    public void Forget()
    {
        _tasks.Clear();
        _unexplained.Clear();
        store.Restore(new ClusterState().Capture());
    }

    public void Absorb(JsonObject cluster, JsonArray nodes, JsonArray services, JsonElement tasks)
    {
        if (store.Read(static s => s.Cluster?.Id) is { } known && known != cluster.Text("ID"))
        {
            Forget();
        }
        _batches.Clear();
        _objects.Begin();
        _tasks.Begin();
        _listed = tasks;
        AbsorbCluster(cluster);
        AbsorbNodes(nodes);
        var templates = NewTemplates(tasks);
        AbsorbServices(services, templates);
        AbsorbTasks(tasks);
        ForgetServices(services, tasks);
        Apply();
        MirrorPending.Update(store);
    }

    /// <summary>Some services or nodes alone. Others of their kind stay as they are shown.</summary>
    public void AbsorbWritten(string kind, JsonArray objects)
    {
        _batches.Clear();
        _objects.Begin();
        _listed = default;
        if (kind == "services")
        {
            LearnServices(objects, []);
        }
        else
        {
            LearnNodes(objects);
        }
        Apply();
    }

    private void Apply()
    {
        ledger.Save();
        foreach (var (index, changes, applied) in _batches.OrderBy(static b => b.Index))
        {
            store.Apply(changes, index);
            applied?.Invoke();
        }
    }

    private ulong Newest => Math.Max(store.Read(static s => s.Index), _batches.Count == 0 ? 0 : _batches.Max(static b => b.Index));

    private List<StateChange> Batch(ulong index, Action? applied = null)
    {
        var changes = new List<StateChange>();
        _batches.Add((index, changes, applied));
        return changes;
    }

    private void AbsorbCluster(JsonObject cluster)
    {
        var version = DockerObjects.VersionOf(cluster);
        if (store.Read(static s => s.Cluster?.Version) == version)
        {
            return;
        }
        Batch(version)
            .Add(
                new StateChange.ClusterSet(
                    new Cluster
                    {
                        Id = cluster.Text("ID"),
                        CreatedAt = cluster.Time("CreatedAt") ?? time.GetUtcNow(),
                        UpdatedAt = cluster.Time("UpdatedAt") ?? time.GetUtcNow(),
                        Settings = DockerClusterSettings.Read(cluster.Object("Spec")),
                        RootCertificate = DockerClusterSettings.RootCertificate(cluster),
                        // The authority is Docker's: neither its key nor its tokens are kept here.
                        RootKey = [],
                        WorkerJoinSecret = "",
                        ManagerJoinSecret = "",
                    }
                )
            );
    }

    private void AbsorbNodes(JsonArray nodes)
    {
        LearnNodes(nodes);
        var seen = nodes.Select(static n => n.Text("ID")).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in store.Read(s => s.Nodes.Where(n => !seen.Contains(n.Id)).Select(static n => n.Id).ToList()))
        {
            Batch(Newest).Add(new StateChange.NodeRemove(gone));
        }
    }

    private void LearnNodes(JsonArray nodes)
    {
        foreach (var node in nodes.OfType<JsonObject>())
        {
            var id = node.Text("ID");
            var version = DockerObjects.VersionOf(node);
            if (_objects.Nodes.Learn(id, new MirroredNode(version, node.Object("Spec") ?? [], node.Object("ManagerStatus"))))
            {
                AbsorbNode(id, version, node, store.Read(s => s.FindNode(id)));
            }
        }
    }

    private void AbsorbNode(string id, ulong version, JsonObject node, Node? known)
    {
        var at = node.Time("UpdatedAt") ?? time.GetUtcNow();
        var spec = DockerObjects.NodeSpec(node.Object("Spec"));
        var description = DockerObjects.Description(node.Object("Description"));
        var status = DockerObjects.Status(node, at);
        var changes = Batch(version);
        if (known is null)
        {
            changes.Add(
                new StateChange.NodeCreate(
                    new Node
                    {
                        Id = id,
                        CreatedAt = node.Time("CreatedAt") ?? at,
                        UpdatedAt = at,
                        Spec = spec,
                        Role = spec.Role,
                        Description = description,
                        Status = status,
                    }
                )
            );
            return;
        }
        if (known.Spec != spec)
        {
            changes.Add(new StateChange.NodeSpecSet(id, spec, at));
        }
        if (known.Role != spec.Role)
        {
            changes.Add(new StateChange.NodeRoleSet(id, spec.Role, at));
        }
        if (known.Description != description)
        {
            changes.Add(new StateChange.NodeDescriptionSet(id, description, at));
        }
        var since = known.Status.State == status.State ? known.Status.Since : at;
        if (changes.Count == 0 || known.Status != status with { Since = since })
        {
            changes.Add(new StateChange.NodeStatusSet(id, status with { Since = since }, at));
        }
    }

    /// <summary>Templates of tasks without a known revision, oldest first, by service.</summary>
    private Dictionary<string, List<(string Key, JsonObject Template, DateTimeOffset At)>> NewTemplates(JsonElement tasks)
    {
        var found = new Dictionary<string, List<(string, JsonObject, DateTimeOffset)>>(StringComparer.Ordinal);
        foreach (var task in tasks.EnumerateArray())
        {
            var serviceId = DockerObjects.Text(task, "ServiceID");
            if (serviceId.Length == 0 || _tasks.IsShown(DockerObjects.Text(task, "ID")) || Template(task) is not { } template)
            {
                continue;
            }
            var key = DockerServiceSpec.TemplateKey(template);
            if (ledger.Find(serviceId, key) is null)
            {
                if (!found.TryGetValue(serviceId, out var list))
                {
                    found[serviceId] = list = [];
                }
                list.Add((key, template, DockerObjects.Time(task, "CreatedAt")));
            }
        }
        foreach (var id in found.Keys.ToList())
        {
            found[id] = [.. found[id].OrderBy(static t => t.Item3).DistinctBy(static t => t.Item1)];
        }
        return found;
    }

    private void AbsorbServices(
        JsonArray services,
        Dictionary<string, List<(string Key, JsonObject Template, DateTimeOffset At)>> templates
    )
    {
        LearnServices(services, templates);
        foreach (var gone in _objects.Services.Ids.Except(services.Select(static s => s.Text("ID"))).ToList())
        {
            // Before what is new: another service may have its name by now.
            Batch(store.Read(static s => s.Index)).Add(new StateChange.ServiceRemove(gone));
        }
    }

    private void LearnServices(JsonArray services, Dictionary<string, List<(string Key, JsonObject Template, DateTimeOffset At)>> templates)
    {
        foreach (var service in services.OfType<JsonObject>())
        {
            var id = service.Text("ID");
            var version = DockerObjects.VersionOf(service);
            if (service.Object("Spec") is not { } spec)
            {
                continue;
            }
            var mirrored = new MirroredService(version, spec, service.Object("PreviousSpec"), service.Object("Endpoint"));
            var changed = _objects.Services.Learn(id, mirrored);
            // Tasks are read before services, so a template that no service has was a service's between two polls.
            if (changed || templates.ContainsKey(id) || _unexplained.Contains(id))
            {
                AbsorbService(id, service, mirrored, templates.GetValueOrDefault(id) ?? []);
            }
        }
    }

    private void AbsorbService(
        string id,
        JsonObject service,
        MirroredService mirrored,
        List<(string Key, JsonObject Template, DateTimeOffset At)> templates
    )
    {
        var createdAt = service.Time("CreatedAt") ?? time.GetUtcNow();
        var at = service.Time("UpdatedAt") ?? createdAt;
        var currentKey = DockerServiceSpec.TemplateKey(mirrored.Spec.Object("TaskTemplate"));
        var previousKey = mirrored.PreviousSpec is { } p ? DockerServiceSpec.TemplateKey(p.Object("TaskTemplate")) : currentKey;
        List<SeenRevision> missed =
        [
            .. templates.Where(t => t.Key != currentKey && t.Key != previousKey).Select(t => AddOf(id, mirrored.Spec, t.Template, t.At)),
        ];
        var previous = previousKey == currentKey ? null : ledger.Find(id, previousKey) ?? ledger.Add(id, mirrored.PreviousSpec!, createdAt);
        var current = ledger.Find(id, currentKey) ?? ledger.Add(id, mirrored.Spec, ledger.Of(id).Count == 0 ? createdAt : at);
        var known = store.Read(s => s.FindService(id));
        var status = StatusOf(id, service, known, current.Number);
        var changes = Batch(mirrored.Version);
        if (known is null)
        {
            AddHistory(id, createdAt, previous, current, changes);
        }
        else
        {
            changes.AddRange(missed.Select(r => SpecSet(id, r)));
            if (previous is not null && current.Number != known.Revision && previous.Number != known.Revision)
            {
                // There were two updates between two polls; Docker would go back to the spec between them.
                changes.Add(SpecSet(id, previous));
            }
        }
        var spec = DockerServiceSpec.Read(mirrored.Spec);
        var now = store.Read(s => s.FindService(id));
        if (now is null || changes.Count > 0 || now.Revision != current.Number || now.Spec != spec)
        {
            changes.Add(new StateChange.ServiceSpecSet(id, spec, current.Number, null, status, at));
        }
        else
        {
            changes.Add(new StateChange.ServiceUpdateStatusSet(id, status, at));
        }
        var inUse = store.Read(s => s.TasksOfService(id).Select(static t => t.Revision).ToHashSet());
        inUse.Add(current.Number);
        foreach (var old in ledger.Trim(id, inUse))
        {
            changes.Add(new StateChange.RevisionRemove(id, old.Number));
        }
    }

    /// <summary>The engine's status of the update with the failure that caused it. When the failed task was read before it failed, the update
    /// goes on until the next poll. So a wait for the service ends with the cause.</summary>
    private UpdateStatus? StatusOf(string id, JsonObject service, Service? known, ulong revision)
    {
        var status = DockerObjects.UpdateStatus(service.Object("UpdateStatus"));
        var late = _unexplained.Remove(id);
        if (!MirrorFailures.MayHaveFailed(status))
        {
            return status;
        }
        var tasks = store.Read(s => MirrorFailures.TasksOf(id, _listed, s, ledger));
        if (!late && known is not null && MirrorFailures.IsUnexplained(status, tasks))
        {
            _unexplained.Add(id);
            return status! with
            {
                State = status.State == UpdateState.RollbackPaused ? UpdateState.RollbackStarted : UpdateState.Updating,
                Message = known.UpdateStatus?.Message ?? "",
            };
        }
        return status! with { Failure = MirrorFailures.Of(status!, known?.UpdateStatus, revision, tasks) };
    }

    /// <summary>Adds a new service with all its revisions, the current one last.</summary>
    private void AddHistory(string id, DateTimeOffset createdAt, SeenRevision? previous, SeenRevision current, List<StateChange> changes)
    {
        var others = ledger.Of(id).Where(r => r.Number != current.Number && r.Number != previous?.Number);
        List<SeenRevision> history = [.. others, .. previous is null ? [] : new[] { previous }, current];
        var first = history[0];
        var service = new Service
        {
            Id = id,
            CreatedAt = createdAt,
            UpdatedAt = createdAt,
            Spec = DockerServiceSpec.Read(first.Spec),
            Revision = first.Number,
        };
        changes.Add(new StateChange.ServiceCreate(service, null));
        changes.AddRange(history.Skip(1).Select(r => SpecSet(id, r)));
    }

    private static StateChange.ServiceSpecSet SpecSet(string id, SeenRevision revision) =>
        new(id, DockerServiceSpec.Read(revision.Spec), revision.Number, null, null, revision.CreatedAt);

    private SeenRevision AddOf(string serviceId, JsonObject spec, JsonObject template, DateTimeOffset at)
    {
        var whole = spec.Copy();
        whole["TaskTemplate"] = template.DeepClone();
        return ledger.Add(serviceId, whole, at);
    }

    private void AbsorbTasks(JsonElement tasks)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        // The older tasks come first, because a task counts the earlier restarts of its slot.
        foreach (var task in tasks.EnumerateArray().OrderBy(static t => DockerObjects.Time(t, "CreatedAt")))
        {
            var id = DockerObjects.Text(task, "ID");
            // Attachments of containers to networks are tasks without a service.
            if (DockerObjects.Text(task, "ServiceID").Length == 0)
            {
                continue;
            }
            seen.Add(id);
            var version = task.GetProperty("Version").GetProperty("Index").GetUInt64();
            if (!_tasks.IsShown(id, version))
            {
                AbsorbTask(id, version, task);
            }
        }
        foreach (var gone in store.Read(s => s.Tasks.Where(t => !seen.Contains(t.Id)).Select(static t => t.Id).ToList()))
        {
            Batch(Newest, () => _tasks.Remove(gone)).Add(new StateChange.TaskRemove(gone));
        }
    }

    private void AbsorbTask(string id, ulong version, JsonElement task)
    {
        var status = DockerObjects.TaskStatus(task.GetProperty("Status"));
        var desired = DockerObjects.TaskState(DockerObjects.Text(task, "DesiredState"));
        var nodeId = DockerObjects.Text(task, "NodeID") is { Length: > 0 } node ? node : null;
        var known = store.Read(s => s.FindTask(id));
        if (known is null || (known.NodeId is not null && known.NodeId != nodeId))
        {
            var made = NewTask(id, task, status, desired, nodeId);
            var creation = Batch(version, () => _tasks.Show(made, version));
            if (known is not null)
            {
                // A task never changes its node; if the engine reports another one, our record was wrong.
                creation.Add(new StateChange.TaskRemove(id));
            }
            creation.Add(new StateChange.TaskCreate(made));
            return;
        }
        var changes = Batch(version, () => _tasks.Show(id, version));
        if (nodeId is not null && known.NodeId is null)
        {
            changes.Add(new StateChange.TaskAssign(id, nodeId, status.Timestamp));
        }
        if (desired > known.DesiredState)
        {
            changes.Add(new StateChange.TaskDesire(id, desired));
        }
        changes.Add(new StateChange.TaskObserve(id, status));
    }

    private SwarmTask NewTask(string id, JsonElement task, TaskStatus status, TaskState desired, string? nodeId)
    {
        var serviceId = DockerObjects.Text(task, "ServiceID");
        var template = Template(task) ?? [];
        var createdAt = DockerObjects.Time(task, "CreatedAt");
        var revision = ledger.Find(serviceId, DockerServiceSpec.TemplateKey(template));
        var slot = task.TryGetProperty("Slot", out var number) ? number.GetUInt32() : 0;
        return new SwarmTask
        {
            Id = id,
            ServiceId = serviceId,
            Revision = revision?.Number ?? 0,
            Slot = slot,
            NodeId = nodeId,
            DesiredState = desired,
            Status = status,
            CreatedAt = createdAt,
            RestartCount = _tasks.RestartsBefore(serviceId, slot, nodeId, revision?.Number ?? 0),
            RunningSince = status.State == TaskState.Running ? status.Timestamp : null,
        };
    }

    private void ForgetServices(JsonArray services, JsonElement tasks)
    {
        var alive = services.Select(static s => s.Text("ID")).ToHashSet(StringComparer.Ordinal);
        foreach (var task in tasks.EnumerateArray())
        {
            alive.Add(DockerObjects.Text(task, "ServiceID"));
        }
        foreach (var gone in ledger.ServiceIds.Where(id => !alive.Contains(id)).ToList())
        {
            ledger.Forget(gone);
            _tasks.ForgetService(gone);
        }
    }

    internal static JsonObject? Template(JsonElement task) =>
        task.TryGetProperty("Spec", out var spec) && spec.ValueKind == JsonValueKind.Object ? JsonObject.Create(spec) : null;
}
