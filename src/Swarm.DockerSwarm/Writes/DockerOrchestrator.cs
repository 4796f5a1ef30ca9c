using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Swarm.Control.Planes;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Writes;

/// <summary>Carries out the API's writes on an engine. It computes the changes on the mirrored state, as our own leader does on its state,
/// and sends them to the engine. When another client was faster, it repeats both on fresh state.</summary>
public sealed class DockerOrchestrator(EngineClient engine, DockerMirror mirror, RevisionLedger ledger, TimeProvider time) : IOrchestrator
{
    /// <summary>Each failed attempt lost to another writer; more than this is no coincidence.</summary>
    private const int MostTries = 8;

    private readonly RequestsUnderWay<string> _underWay = new();
    private readonly UnknownOutcomes _unknown = new(time);

    /// <summary>Only for previews and for ids that the engine replaces by its own.</summary>
    public IdSource Ids { get; } = new(static bytes => RandomNumberGenerator.Fill(bytes));

    public bool CanChangeRoles => true;

    public async Task<T> ExecuteAsync<T>(
        string requestId,
        Func<ClusterState, CommandChanges> prepare,
        Func<ClusterState, string, T> result,
        CancellationToken cancellation
    )
    {
        var id = await _underWay.RunAsync(requestId, () => WriteAsync(requestId, prepare, cancellation), cancellation);
        return mirror.Store.Read(state => result(state, id));
    }

    /// <summary>On a fork, whose control loop is made for the question.</summary>
    public T Ask<T>(Func<ControlLoop, ClusterState, T> question) =>
        mirror.Store.Read(state =>
        {
            var fork = state.Fork();
            return question(new ControlLoop(fork, time, Ids), fork);
        });

    /// <summary>Checks whether writes whose answer was lost were made after all, so that their records answer a retry. Call it after a
    /// refresh of the mirror.</summary>
    public void SettleUnknown()
    {
        var records = mirror.Store.Read(state => _unknown.Settle(state));
        if (records.Count > 0)
        {
            mirror.Store.Apply(records, mirror.Store.Read(static s => s.Index));
        }
    }

    public void RequireStopTask() => throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Docker, "Stop-SwarmTask");

    private async Task<string> WriteAsync(string requestId, Func<ClusterState, CommandChanges> prepare, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            // The call has looked already. Another look is due when somebody else was faster, or a write of ours has ended since.
            if (attempt > 1 || !mirror.ShowsEveryWrite)
            {
                await mirror.RefreshAsync(cancellation);
                SettleUnknown();
            }
            var (changes, seen, done) = mirror.Store.Read(state => Prepare(state, requestId, prepare));
            if (changes is null)
            {
                return done;
            }
            var resultId = changes.ResultId;
            try
            {
                foreach (var change in seen)
                {
                    if (await PerformAsync(change, cancellation) is { } id)
                    {
                        resultId = id;
                    }
                }
            }
            catch (EngineException e) when (e.IsVersionConflict && attempt < MostTries)
            {
                continue;
            }
            catch (EngineException e)
            {
                var refusal = mirror.Store.Read(state =>
                {
                    var (target, kind) = TargetOf(state, changes);
                    return DockerErrors.From(e, target, kind, message => ReadableIds.In(message, state));
                });
                if (refusal.ErrorId == "NoLeader")
                {
                    // A proposal to managers that then lost each other may still be committed.
                    _unknown.Add(requestId, changes);
                }
                throw refusal;
            }
            catch (Exception e) when (e is SwarmException or OperationCanceledException)
            {
                _unknown.Add(requestId, changes);
                throw;
            }
            finally
            {
                mirror.NoteWrite();
            }
            if (requestId.Length > 0)
            {
                var record = new StateChange.RequestRecord(requestId, resultId, time.GetUtcNow());
                mirror.Store.Apply([record], mirror.Store.Read(static s => s.Index));
            }
            await ReadWrittenAsync(changes, resultId, cancellation);
            return resultId;
        }
    }

    /// <summary>The engine's word on what was written, for the answer. A removed object needs none.</summary>
    private async Task ReadWrittenAsync(CommandChanges changes, string resultId, CancellationToken cancellation)
    {
        var services = changes.Changes.Select(c =>
            c switch
            {
                // The id that the engine has given.
                StateChange.ServiceCreate => resultId,
                StateChange.ServiceSpecSet set => set.ServiceId,
                _ => null,
            }
        );
        var nodes = changes.Changes.OfType<StateChange.NodeSpecSet>().Select(static c => c.NodeId);
        foreach (var (kind, ids) in new[] { ("services", services.OfType<string>().ToList()), ("nodes", nodes.ToList()) })
        {
            if (ids.Count > 0)
            {
                await mirror.ReadWrittenAsync(kind, ids, cancellation);
            }
        }
    }

    /// <returns>The changes and what they were worked out on; or, when the request was answered before, its result.</returns>
    private (CommandChanges? Changes, IReadOnlyList<SeenChange> Seen, string Done) Prepare(
        ClusterState state,
        string requestId,
        Func<ClusterState, CommandChanges> prepare
    )
    {
        if (requestId.Length > 0 && state.FindRequest(requestId) is { } before)
        {
            return (null, [], before.ResultId);
        }
        var changes = prepare(state);
        return (changes, [.. changes.Changes.Select(c => SeenChange.Of(c, state, mirror, ledger))], "");
    }

    /// <returns>The engine's id of a new object, or null.</returns>
    private async Task<string?> PerformAsync(SeenChange seen, CancellationToken cancellation)
    {
        switch (seen.Change)
        {
            case StateChange.ServiceCreate c:
                var made = await engine.SendAsync(
                    HttpMethod.Post,
                    "/services/create",
                    DockerServiceSpec.New(c.Service.Spec),
                    EngineClient.DefaultDeadline,
                    RegistryAuth.Encode(c.RegistryCredential),
                    cancellation
                );
                return made.Text("ID");
            case StateChange.ServiceSpecSet c:
                await SetSpecAsync(c, seen, cancellation);
                return null;
            case StateChange.ServiceRemove c:
                await engine.DeleteAsync($"/services/{c.ServiceId}", cancellation);
                return null;
            case StateChange.NodeSpecSet c:
                await SetNodeAsync(c, seen, cancellation);
                return null;
            case StateChange.NodeRemove c:
                var down = seen.Node?.Status.State == NodeState.Down;
                await engine.DeleteAsync($"/nodes/{c.NodeId}" + (down ? "" : "?force=true"), cancellation);
                return null;
            default:
                throw new InvalidOperationException($"The engine cannot be asked for a {seen.Change.GetType().Name}.");
        }
    }

    private async Task SetSpecAsync(StateChange.ServiceSpecSet change, SeenChange seen, CancellationToken cancellation)
    {
        if (seen is not { Service: { } known, MirroredService: { } mirrored })
        {
            throw new EngineException(System.Net.HttpStatusCode.NotFound, "service not found");
        }
        var path = string.Create(CultureInfo.InvariantCulture, $"/services/{change.ServiceId}/update?version={mirrored.Version}");
        var spec = mirrored.Spec.Copy();
        if (seen.Earlier is { } earlier)
        {
            if (IsDockersPrevious(mirrored, earlier))
            {
                // Docker's own rollback has states and a policy of its own.
                path += "&rollback=previous";
            }
            else
            {
                spec["TaskTemplate"] = earlier.Spec["TaskTemplate"]?.DeepClone();
            }
        }
        else
        {
            DockerServiceSpec.Change(spec, known.Spec, change.Spec);
        }
        await engine.SendAsync(
            HttpMethod.Post,
            path,
            spec,
            EngineClient.DefaultDeadline,
            RegistryAuth.Encode(change.RegistryCredential),
            cancellation
        );
    }

    /// <summary>Docker rolls back the whole spec, scale included. That is right only when nothing but the template differs.</summary>
    private static bool IsDockersPrevious(MirroredService mirrored, SeenRevision wanted)
    {
        if (mirrored.PreviousSpec is not { } previous || DockerServiceSpec.TemplateKey(previous.Object("TaskTemplate")) != wanted.Key)
        {
            return false;
        }
        var expected = mirrored.Spec.Copy();
        expected["TaskTemplate"] = previous["TaskTemplate"]?.DeepClone();
        return JsonNode.DeepEquals(expected, previous);
    }

    private async Task SetNodeAsync(StateChange.NodeSpecSet change, SeenChange seen, CancellationToken cancellation)
    {
        if (seen is not { Node: { } known, MirroredNode: { } mirrored })
        {
            throw new EngineException(System.Net.HttpStatusCode.NotFound, "node not found");
        }
        var spec = mirrored.Spec.Copy();
        if (change.Spec.Labels != known.Spec.Labels)
        {
            spec["Labels"] = Json.Object(change.Spec.Labels);
        }
        if (change.Spec.Availability != known.Spec.Availability)
        {
            spec["Availability"] = change.Spec.Availability switch
            {
                NodeAvailability.Pause => "pause",
                NodeAvailability.Drain => "drain",
                _ => "active",
            };
        }
        if (change.Spec.Role != known.Spec.Role)
        {
            spec["Role"] = change.Spec.Role == NodeRole.Manager ? "manager" : "worker";
        }
        var path = string.Create(CultureInfo.InvariantCulture, $"/nodes/{change.NodeId}/update?version={mirrored.Version}");
        await engine.PostAsync(path, spec, cancellation);
    }

    private static (string Target, string Kind) TargetOf(ClusterState state, CommandChanges changes) =>
        changes.Changes is [var only, ..]
            ? only switch
            {
                StateChange.ServiceCreate c => (c.Service.Spec.Name, "service"),
                StateChange.ServiceSpecSet c => (state.FindService(c.ServiceId)?.Spec.Name ?? c.ServiceId, "service"),
                StateChange.ServiceRemove c => (state.FindService(c.ServiceId)?.Spec.Name ?? c.ServiceId, "service"),
                StateChange.NodeSpecSet c => (state.FindNode(c.NodeId)?.Name ?? c.NodeId, "node"),
                StateChange.NodeRemove c => (state.FindNode(c.NodeId)?.Name ?? c.NodeId, "node"),
                _ => (changes.ResultId, ""),
            }
            : (changes.ResultId, "");
}
