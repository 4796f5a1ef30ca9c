using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.DockerSwarm.Specs;

namespace Swarm.DockerSwarm.Mirror;

/// <content>Tasks.</content>
internal sealed partial class MirrorSync
{
    private void AbsorbTasks(JsonElement tasks)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        // The older first: a task counts the restarts of its slot before it.
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
                // It never moves; if the engine says so, ours was wrong.
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
        var revision = ledger.Find(serviceId, DockerSpecReader.TemplateKey(template));
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

    private static JsonObject? Template(JsonElement task) =>
        task.TryGetProperty("Spec", out var spec) && spec.ValueKind == JsonValueKind.Object ? JsonObject.Create(spec) : null;
}
