using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.Orchestration.Reconcilers;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration;

/// <summary>Makes the state changes for a user's create, update or rollback of a service, with their revision numbers and update
/// status.</summary>
public static class ServiceChanges
{
    /// <summary>A new service, with its revision 1.</summary>
    public static IReadOnlyList<StateChange> Create(string id, ServiceSpec spec, RegistryCredential? credential, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var service = new Service
        {
            Id = id,
            CreatedAt = now,
            UpdatedAt = now,
            Spec = spec,
            Revision = 1,
        };
        return [new StateChange.ServiceCreate(service, credential)];
    }

    /// <summary>A new spec for a service.</summary>
    /// <param name="state">Applied state.</param>
    /// <param name="service">The service as it is in the state.</param>
    /// <param name="newSpec">The whole new spec.</param>
    /// <param name="credential">Null: the credential of the current revision stays in use.</param>
    /// <param name="now">The moment of the update.</param>
    /// <param name="newAttempt">The user names the image. A credential is a new attempt in any case.</param>
    /// <remarks>
    /// A change of the task template (or of the credential) gets the next revision number and starts an update. It supersedes an update
    /// that is
    /// running or paused. Its automatic rollback then goes to the last completed revision, from which the superseded update came.
    /// A change of scale, labels or update policy keeps the revision number, and the state of an update in progress or paused.
    /// A paused update goes on when the update policy changes, or when the spec does not change at all.
    /// (Docker: any <c>docker service update</c> resumes it.)
    /// A new attempt resumes it too. If tasks have failed, it gets a revision of its own, which makes them anew and no others.
    /// In the middle of an update it makes no other update of it: what is in progress keeps its places and its monitor.
    /// </remarks>
    /// <exception cref="ArgumentException">The name or the kind of mode differs; neither can change.</exception>
    public static IReadOnlyList<StateChange> Update(
        ClusterState state,
        Service service,
        ServiceSpec newSpec,
        RegistryCredential? credential,
        DateTimeOffset now,
        bool newAttempt = false
    )
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(newSpec);
        if (newSpec.Name != service.Spec.Name)
        {
            throw new ArgumentException($"The name of service '{service.Spec.Name}' cannot change to '{newSpec.Name}'.", nameof(newSpec));
        }
        if (newSpec.Mode.GetType() != service.Spec.Mode.GetType())
        {
            throw new ArgumentException($"The mode of service '{service.Spec.Name}' cannot change.", nameof(newSpec));
        }
        var inUse = state.FindRevision(service.Id, service.Revision)?.RegistryCredential;
        var sameTemplate = newSpec.TaskTemplateEquals(service.Spec);
        if (!sameTemplate)
        {
            return [Set(service, newSpec, NextRevision(state, service), credential ?? inUse, Started(service, now), now)];
        }
        var attempts = newAttempt || credential is not null;
        var otherCredential = credential is not null && credential != inUse;
        var view = attempts ? ViewOf(state, service) : null;
        // An old task may go on where the last update has failed.
        var toTry =
            view is not null && (Attempts.HasWork(view, otherCredential) || view.Slots.Exists(s => Updater.FailureIn(s, view) is not null));
        if (!toTry && !otherCredential)
        {
            return [Set(service, newSpec, service.Revision, inUse, StatusOfSameRevision(service, newSpec, attempts, now), now)];
        }
        var status =
            service.UpdateStatus is { Number: > 0 } rolling && Updater.IsRolling(rolling) ? Continued(service, rolling)
            : toTry || Updater.IsUnfinished(service.UpdateStatus) ? Attempted(service, now)
            : service.UpdateStatus;
        return [Set(service, newSpec, NextRevision(state, service), credential ?? inUse, status, Attempts.MomentOf(view!, now))];
    }

    /// <summary>The revision that an undo returns to; 0: none. It is the previous one, unless that has the current template: then it is the
    /// last one that has another.</summary>
    public static ulong PreviousRevision(ClusterState state, Service service)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(service);
        return TaskTemplates.PreviousRevision(state, service);
    }

    /// <summary>Restores the task template of an earlier revision. Scale, labels and update policy stay as they are now.</summary>
    /// <param name="state">Applied state.</param>
    /// <param name="service">The service as it is in the state.</param>
    /// <param name="toRevision">A kept revision other than the current one; 0: <see cref="PreviousRevision"/>.</param>
    /// <param name="now">The moment of the rollback.</param>
    /// <exception cref="ArgumentException">There is no such revision, or it is the current one.</exception>
    public static IReadOnlyList<StateChange> Rollback(ClusterState state, Service service, ulong toRevision, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(service);
        var number = toRevision == 0 ? PreviousRevision(state, service) : toRevision;
        if (number == 0)
        {
            throw new ArgumentException($"Service '{service.Spec.Name}' has no previous revision.", nameof(toRevision));
        }
        if (number == service.Revision)
        {
            throw new ArgumentException($"Service '{service.Spec.Name}' is at revision {number} already.", nameof(toRevision));
        }
        var target =
            state.FindRevision(service.Id, number)
            ?? throw new ArgumentException($"Service '{service.Spec.Name}' has no revision {number} any more.", nameof(toRevision));
        var status = new UpdateStatus
        {
            State = UpdateState.RollbackStarted,
            Number = service.Version,
            StartedAt = now,
            Message = UpdateMessages.RollbackRequested,
            Progress = new UpdateProgress { FromRevision = service.Revision },
        };
        var spec = TaskTemplates.WithTemplateOf(service.Spec, target.Spec);
        return [Set(service, spec, number, target.RegistryCredential, status, now)];
    }

    private static StateChange.ServiceSpecSet Set(
        Service service,
        ServiceSpec spec,
        ulong revision,
        RegistryCredential? credential,
        UpdateStatus? status,
        DateTimeOffset now
    ) => new(service.Id, spec, revision, credential, status, now);

    /// <summary>A number above every kept revision's: after a rollback the current revision is not the highest.</summary>
    private static ulong NextRevision(ClusterState state, Service service)
    {
        var highest = Math.Max(service.Revision, service.PreviousRevision);
        foreach (var revision in state.RevisionsOf(service.Id))
        {
            highest = Math.Max(highest, revision.Number);
        }
        return highest + 1;
    }

    private static UpdateStatus Started(Service service, DateTimeOffset now)
    {
        // An update that did not complete is no target of a rollback; a rollback that did not complete led to the current revision.
        var unfinished = service.UpdateStatus is { State: UpdateState.Updating or UpdateState.Paused } status
            ? status.Progress.FromRevision
            : 0;
        return new UpdateStatus
        {
            State = UpdateState.Updating,
            Number = service.Version,
            StartedAt = now,
            Message = UpdateMessages.InProgress,
            Progress = new UpdateProgress { FromRevision = unfinished > 0 ? unfinished : service.Revision },
        };
    }

    private static UpdateStatus? StatusOfSameRevision(Service service, ServiceSpec newSpec, bool newAttempt, DateTimeOffset now)
    {
        var status = service.UpdateStatus;
        var resumes =
            newAttempt || newSpec == service.Spec || newSpec.Update != service.Spec.Update || newSpec.Rollback != service.Spec.Rollback;
        return resumes && status is { State: UpdateState.Paused or UpdateState.RollbackPaused } ? Attempted(service, now) : status;
    }

    /// <summary>The update begins again for the same template; a rollback stays one.</summary>
    private static UpdateStatus Attempted(Service service, DateTimeOffset now)
    {
        if (service.UpdateStatus is not { State: UpdateState.RollbackStarted or UpdateState.RollbackPaused } status)
        {
            return Started(service, now);
        }
        return new UpdateStatus
        {
            State = UpdateState.RollbackStarted,
            Number = service.Version,
            StartedAt = now,
            Message = UpdateMessages.RollbackRequested,
            Progress = new UpdateProgress { FromRevision = status.Progress.FromRevision },
        };
    }

    /// <summary>The update goes on with the attempt's revision. Its failures so far do not count any more: the attempt makes these tasks
    /// anew.</summary>
    private static UpdateStatus Continued(Service service, UpdateStatus status) =>
        status with
        {
            // A status that was worked out before the attempt is of no use any more.
            Number = service.Version,
            Progress = status.Progress with
            {
                Failed = 0,
                FirstNumber = status.Progress.FirstNumber > 0 ? status.Progress.FirstNumber : status.Number,
            },
        };

    private static ServiceView ViewOf(ClusterState state, Service service) =>
        new(new PlanContext(state, DateTimeOffset.MinValue, Convergence.NoIds, ControlLoopOptions.Default, int.MaxValue), service);
}
