using System.Text;
using Grpc.Core;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets;

/// <summary>A cmdlet that talks to a swarmd: through -Session, else the default session, else this machine's socket.</summary>
public abstract partial class SwarmCmdlet : AsyncCmdlet
{
    [Parameter]
    public Session? Session { get; set; }

    protected override ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        // Wait-SwarmService always waits; in other cmdlets -Timeout belongs to -Wait.
        var bound = MyInvocation.BoundParameters;
        if (
            bound.ContainsKey("Timeout")
            && MyInvocation.MyCommand.Parameters.ContainsKey("Wait")
            && !(bound.TryGetValue("Wait", out var wait) && LanguagePrimitives.IsTrue(wait))
        )
        {
            throw new SwarmException(
                "MissingParameter",
                "-Timeout is the limit of -Wait, and -Wait is not given.",
                "",
                "Add -Wait, or leave -Timeout out."
            );
        }
        return default;
    }

    private protected Connection Connection => SessionTable.Resolve(Session);

    private protected V1.ControlClient Client => Connection.Client;

    private protected override Exception Explain(RpcException failure)
    {
        try
        {
            return Connection.Explain(failure);
        }
        catch (SwarmException)
        {
            // The session was closed meanwhile.
            return failure;
        }
    }

    /// <summary>A new id for a change: the manager answers a retry with the same id from the record of the first request.</summary>
    private protected static string NewRequestId() => Guid.NewGuid().ToString("n");

    /// <summary>Handles -WhatIf, -Confirm and -Force. With -WhatIf the manager's own preview is shown, line by line, and written to the
    /// information
    /// stream as PlannedAction objects with the tag SwarmPlan.</summary>
    private protected async ValueTask<bool> ApproveAsync(
        string target,
        string action,
        Func<CancellationToken, Task<V1.Preview?>>? preview,
        bool force,
        CancellationToken cancellationToken
    )
    {
        if (!IsWhatIf)
        {
            return (force && !IsBound("Confirm")) || ShouldProcess(target, action);
        }
        var text = new StringBuilder($"Performing the operation \"{VisibleText.Of(action)}\" on target \"{VisibleText.Of(target)}\".");
        if (preview is not null && await preview(cancellationToken) is { } plan)
        {
            foreach (var step in plan.Actions.Select(OutputMapper.ToPlannedAction))
            {
                text.Append("\n  ").Append(step);
                WriteInformation(step, ["SwarmPlan"]);
            }
        }
        ShouldProcess(text.ToString(), text.ToString(), action);
        return false;
    }

    /// <summary>Follows services until they converge. A timeout or a paused update is an error; the change itself stays.</summary>
    /// <param name="names">Selectors for the manager (ids, or names where only these are known), with the name to show for each.</param>
    /// <returns>When waiting for removal: the names that did not exist when the wait began.</returns>
    private protected async ValueTask<string[]> WaitForServicesAsync(
        IReadOnlyDictionary<string, string> names,
        bool removed,
        TimeSpan? timeout,
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
            using var call = Client.Services.WaitServices(
                new V1.WaitServicesRequest { Selectors = { names.Keys }, Removed = removed },
                cancellationToken: limit.Token
            );
            await foreach (var step in call.ResponseStream.ReadAllAsync(limit.Token))
            {
                last[step.ServiceId] = step;
                progress.Show(step);
            }
        }
        catch (Exception e) when (IsCancelled(e) && limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The manager reports a service only when there is progress, and the time may be up before that.
            var unseen = names.Values.Except(last.Values.Select(s => s.ServiceName), StringComparer.Ordinal);
            foreach (
                var step in last
                    .Values.Where(s => !s.Converged)
                    .Concat(unseen.Select(name => new V1.ServiceProgress { ServiceName = name }))
            )
            {
                Report(
                    new SwarmException(
                        "WaitTimeout",
                        $"Service '{step.ServiceName}' has not converged within {Display.Duration(timeout!.Value)}{(step.ServiceId.Length > 0 ? $": {step.Running} of {step.Desired} tasks run" : "")}. The change stays in effect.",
                        step.ServiceName,
                        $"Look at Get-SwarmTask -Service {step.ServiceName}, or wait on with Wait-SwarmService {step.ServiceName}."
                    )
                );
            }
        }
        progress.Complete();
        foreach (var step in last.Values.Where(s => s.Stuck))
        {
            Report(
                new SwarmException(
                    "UpdatePaused",
                    $"Service '{step.ServiceName}' will not converge by itself: {(step.Message.Length > 0 ? step.Message : step.UpdateStatus?.Message)}.",
                    step.ServiceName,
                    $"Correct it with Set-SwarmService {step.ServiceName}, or go back with Undo-SwarmService {step.ServiceName}."
                )
            );
        }
        return [.. last.Values.Where(s => s.Absent).Select(s => s.ServiceName)];
    }

    /// <summary>Services by name, id, unique id prefix or wildcard; a literal without match is one error record each.</summary>
    private protected ValueTask<List<V1.Service>> FindServicesAsync(IEnumerable<string>? names, CancellationToken cancellationToken) =>
        FindAsync(
            names,
            (selectors, token) =>
                Client.Services.ListServices(new V1.ListServicesRequest { Selectors = { selectors } }, cancellationToken: token),
            s => s.Spec?.Name ?? "",
            "service",
            "Get-SwarmService lists them.",
            null,
            cancellationToken
        );

    private protected ValueTask<List<V1.Node>> FindNodesAsync(IEnumerable<string>? names, CancellationToken cancellationToken) =>
        FindAsync(
            names,
            (selectors, token) => Client.Nodes.ListNodes(new V1.ListNodesRequest { Selectors = { selectors } }, cancellationToken: token),
            n => n.Name,
            "node",
            "Get-SwarmNode lists them.",
            null,
            cancellationToken
        );

    /// <param name="each">Called for each object as it arrives; null: the objects are collected.</param>
    private protected async ValueTask<List<T>> FindAsync<T>(
        IEnumerable<string>? names,
        Func<IEnumerable<string>, CancellationToken, AsyncServerStreamingCall<T>> list,
        Func<T, string> nameOf,
        string kind,
        string action,
        Action<T>? each,
        CancellationToken cancellationToken
    )
    {
        List<T> found = [];
        each ??= found.Add;
        foreach (var name in names ?? ["*"])
        {
            var wildcard = WildcardPattern.ContainsWildcardCharacters(name);
            var pattern = wildcard ? WildcardPattern.Get(name, WildcardOptions.IgnoreCase) : null;
            var any = wildcard;
            try
            {
                using var call = list(wildcard ? [] : [name], cancellationToken);
                await foreach (var item in call.ResponseStream.ReadAllAsync(cancellationToken))
                {
                    if (pattern is null || name == "*" || pattern.IsMatch(nameOf(item)))
                    {
                        any = true;
                        each(item);
                    }
                }
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.NotFound or StatusCode.InvalidArgument or StatusCode.FailedPrecondition)
            {
                any = true;
                Report(e, name);
            }
            if (!any)
            {
                var id = char.ToUpperInvariant(kind[0]) + kind[1..] + "NotFound";
                Report(new SwarmException(id, $"There is no {kind} '{name}'.", name, action));
            }
        }
        return found;
    }

    private static CancellationTokenSource Limit(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (timeout is { } span)
        {
            source.CancelAfter(span);
        }
        return source;
    }
}
