using Grpc.Core;

namespace Swarm.Cmdlets;

/// <content>The waits for services.</content>
public abstract partial class SwarmCmdlet
{
    /// <summary>The update of each service that this command has looked up, as it was before the command changed anything.</summary>
    private readonly Dictionary<string, V1.UpdateStatus?> _updatesBefore = new(StringComparer.Ordinal);

    /// <summary>Follows services until they converge, and reports every deployment that has failed.</summary>
    /// <param name="names">Selectors for the manager (ids, or names where only these are known), with the name to show for each.</param>
    /// <returns>When waiting for removal: the names that did not exist when the wait began.</returns>
    private protected ValueTask<string[]> WaitForServicesAsync(
        IReadOnlyDictionary<string, string> names,
        bool removed,
        TimeSpan? timeout,
        CancellationToken cancellationToken
    ) => WaitForServicesAsync(names, removed, timeout, static _ => null, cancellationToken);

    /// <summary>Follows services that this command has changed until they converge. A rollback from before the change is not
    /// reported again.</summary>
    private protected ValueTask<string[]> WaitForChangedServicesAsync(
        IEnumerable<V1.Service> services,
        TimeSpan? timeout,
        CancellationToken cancellationToken
    )
    {
        var changed = services.ToDictionary(s => s.Id, StringComparer.Ordinal);
        return WaitForServicesAsync(
            changed.ToDictionary(s => s.Key, s => s.Value.Spec.Name, StringComparer.Ordinal),
            removed: false,
            timeout,
            // A service that was not looked up before: its answer shows the update that the change has begun, if it has begun one.
            id => _updatesBefore.TryGetValue(id, out var status) ? status : changed.GetValueOrDefault(id)?.UpdateStatus,
            cancellationToken
        );
    }

    /// <summary>Follows services until they converge. A timeout, a paused or rolled back update, and tasks that are not restarted are an error
    /// each; the change itself stays.</summary>
    /// <param name="names">Selectors for the manager (ids, or names where only these are known), with the name to show for each.</param>
    /// <param name="before">The update that a service had before the change; null: none.</param>
    /// <returns>When waiting for removal: the names that did not exist when the wait began.</returns>
    private async ValueTask<string[]> WaitForServicesAsync(
        IReadOnlyDictionary<string, string> names,
        bool removed,
        TimeSpan? timeout,
        Func<string, V1.UpdateStatus?> before,
        CancellationToken cancellationToken
    )
    {
        if (names.Count == 0)
        {
            return [];
        }
        using var limit = Limit(timeout, cancellationToken);
        var last = new Dictionary<string, V1.ServiceProgress>(StringComparer.Ordinal);
        var progress = new ServiceProgressView(this);
        try
        {
            await TellAsync(
                async (reasons, cancellation) =>
                {
                    using var call = Client.Services.WaitServices(
                        new V1.WaitServicesRequest { Selectors = { names.Keys }, Removed = removed },
                        cancellationToken: cancellation
                    );
                    await foreach (var step in call.ResponseStream.ReadAllAsync(cancellation))
                    {
                        last[step.ServiceId] = step;
                        progress.Show(step);
                        reasons.Note(
                            step.ServiceId,
                            $"Service '{step.ServiceName}' {(removed ? "is not gone" : "has not converged")} yet",
                            step.Converged || step.Stuck ? "" : step.Reason
                        );
                    }
                },
                limit.Token
            );
        }
        catch (Exception e) when (IsCancelled(e) && limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            ReportLate(names, last, timeout!.Value, removed);
        }
        progress.Complete();
        foreach (var step in last.Values.Where(s => !removed))
        {
            if (step.Stuck)
            {
                Report(Stuck(step));
            }
            else if (step.Converged && IsRolledBack(step.UpdateStatus) && !IsSame(step.UpdateStatus, before(step.ServiceId)))
            {
                Report(RolledBack(step));
            }
        }
        return [.. last.Values.Where(s => s.Absent).Select(s => s.ServiceName)];
    }

    private void ReportLate(
        IReadOnlyDictionary<string, string> names,
        Dictionary<string, V1.ServiceProgress> last,
        TimeSpan timeout,
        bool removed
    )
    {
        // The manager reports a service only when there is progress, and the time may be up before that.
        var unseen = names.Values.Except(last.Values.Select(s => s.ServiceName), StringComparer.Ordinal);
        foreach (
            var step in last
                .Values.Where(s => !s.Converged && !s.Stuck)
                .Concat(unseen.Select(name => new V1.ServiceProgress { ServiceName = name }))
        )
        {
            var so = step.ServiceId.Length > 0 ? ": " + ServiceProgressView.Describe(step).TrimEnd('.') : "";
            Report(
                new SwarmException(
                    "WaitTimeout",
                    $"Service '{step.ServiceName}' {(removed ? "is not gone" : "has not converged")} within {Display.Duration(timeout)}{so}. The change stays in effect.",
                    step.ServiceName,
                    removed
                        ? $"Look at Get-SwarmTask {step.ServiceName}.*, or wait on with Wait-SwarmService {step.ServiceName} -Removed."
                        : $"Look at Get-SwarmTask -Service {step.ServiceName}, or wait on with Wait-SwarmService {step.ServiceName}."
                )
            );
        }
    }

    private static SwarmException Stuck(V1.ServiceProgress step)
    {
        var paused = step.UpdateStatus?.State is V1.UpdateState.Paused or V1.UpdateState.RollbackPaused;
        return new SwarmException(
            paused ? "UpdatePaused" : "DeploymentFailed",
            $"Service '{step.ServiceName}' will not converge by itself: {ServiceProgressView.Describe(step).TrimEnd('.')}.",
            step.ServiceName,
            $"Correct it with Set-SwarmService {step.ServiceName}, or "
                + (
                    paused
                        ? $"go back with Undo-SwarmService {step.ServiceName}."
                        : $"start its tasks anew with Restart-SwarmService {step.ServiceName}."
                )
        );
    }

    private static SwarmException RolledBack(V1.ServiceProgress step) =>
        new(
            "UpdateRolledBack",
            step.UpdateStatus.Error.Length > 0
                ? $"The update of service '{step.ServiceName}' failed and was rolled back: {step.UpdateStatus.Error.TrimEnd('.')}."
                : $"The update of service '{step.ServiceName}' was rolled back, because its task {step.UpdateStatus.FailedTaskId} failed.",
            step.ServiceName,
            $"The service runs as before. Look at Get-SwarmTask {step.ServiceName}, and correct the change before you make it again with Set-SwarmService {step.ServiceName}."
        );

    /// <summary>A rollback for a failure; one that a user asked for is none.</summary>
    private static bool IsRolledBack(V1.UpdateStatus? status) =>
        status is { State: V1.UpdateState.RollbackCompleted, FailedTaskId.Length: > 0 };

    private static bool IsSame(V1.UpdateStatus status, V1.UpdateStatus? before) =>
        IsRolledBack(before) && Equals(status.StartedAt, before!.StartedAt);

    private void RememberUpdate(V1.Service service) => _updatesBefore.TryAdd(service.Id, service.UpdateStatus);
}
