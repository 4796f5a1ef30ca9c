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

    /// <summary>The key that unlocks managers; null when the swarm has no autolock.</summary>
    private protected async Task<UnlockKey?> ReadUnlockKeyAsync(CancellationToken cancellationToken)
    {
        var key = await Client.Clusters.GetUnlockKeyAsync(new V1.GetUnlockKeyRequest(), cancellationToken: cancellationToken);
        return key.UnlockKey_.Length > 0 ? new UnlockKey { Key = key.UnlockKey_ } : null;
    }

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
            return Approve(target, action, force);
        }
        var text = new StringBuilder($"Performing the operation \"{VisibleText.Of(action)}\" on target \"{VisibleText.Of(target)}\".");
        if (preview is not null && await preview(cancellationToken) is { } plan)
        {
            foreach (var step in plan.Actions.Select(OutputMapper.ToPlannedAction))
            {
                text.Append("\n  ").Append(step);
                WriteInformation(step, ["SwarmPlan"]);
            }
            if (plan.More.Count > 0)
            {
                var counts = string.Join(", ", plan.More.Select(m => $"{m.Count} {VisibleText.Of(m.Action)}"));
                text.Append($"\n  and {plan.More.Sum(m => m.Count)} more: {counts}");
            }
        }
        ShouldProcess(text.ToString(), text.ToString(), action);
        return false;
    }

    /// <summary>Services by name, id, unique id prefix or wildcard; a literal without match is one error record each.</summary>
    private protected async ValueTask<List<V1.Service>> FindServicesAsync(IEnumerable<string>? names, CancellationToken cancellationToken)
    {
        var found = await FindAsync(
            names,
            (selectors, token) =>
                Client.Services.ListServices(new V1.ListServicesRequest { Selectors = { selectors } }, cancellationToken: token),
            s => s.Spec?.Name ?? "",
            "service",
            "Get-SwarmService lists them.",
            null,
            cancellationToken
        );
        found.ForEach(RememberUpdate);
        return found;
    }

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
}
