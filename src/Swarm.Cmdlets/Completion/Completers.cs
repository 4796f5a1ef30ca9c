using System.Collections;
using System.Management.Automation.Language;
using Grpc.Core;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes from the live session; answers nothing rather than late or with an error.</summary>
public abstract class LiveCompleter : IArgumentCompleter
{
    // A person who pressed TAB waits no longer (conventions: 300 ms in all).
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(250);

    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        try
        {
            var client = SessionTable.Resolve(Bound<Session>(fakeBoundParameters, "Session")).Client;
            using var cancel = new CancellationTokenSource(s_limit);
            var names = AsyncTask.Run(() => NamesAsync(client, fakeBoundParameters, cancel.Token), cancel.Token);
            if (!names.Wait(s_limit))
            {
                return [];
            }
            var prefix = (wordToComplete ?? "").Trim('\'', '"');
            return
            [
                .. names
                    .Result.Where(n => n.Text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                    .DistinctBy(n => n.Text)
                    .OrderBy(n => n.Text, StringComparer.OrdinalIgnoreCase)
                    .Select(n => new CompletionResult(Quote(n.Text), n.Text, CompletionResultType.ParameterValue, n.ToolTip)),
            ];
        }
        catch (Exception)
        {
            // Completion must never throw: the prompt would show it in the middle of a line.
            return [];
        }
    }

    private protected abstract Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    );

    private protected static T? Bound<T>(IDictionary? parameters, string name)
        where T : class => (parameters?[name] is PSObject wrapped ? wrapped.BaseObject : parameters?[name]) as T;

    private protected static async Task<List<T>> AllAsync<T>(AsyncServerStreamingCall<T> call, CancellationToken cancellationToken)
    {
        using (call)
        {
            List<T> all = [];
            await foreach (var item in call.ResponseStream.ReadAllAsync(cancellationToken))
            {
                all.Add(item);
            }
            return all;
        }
    }

    private static string Quote(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or ':')
            ? text
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}

public sealed class ServiceCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(client.ListServices(new V1.ListServicesRequest(), cancellationToken: cancellationToken), cancellationToken)
            ).Select(s => (s.Spec.Name, $"{s.RunningTasks}/{s.DesiredTasks} {Display.Image(s.Spec.Container?.Image)}")),
        ];
}

public sealed class NodeCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(client.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken), cancellationToken)
            ).Select(n => (n.Name, $"{(NodeState)n.State} {(NodeAvailability)n.Availability} {n.Id}")),
        ];
}

public sealed class TaskCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(
                    client.ListTasks(new V1.ListTasksRequest { DesiredRunning = true }, cancellationToken: cancellationToken),
                    cancellationToken
                )
            ).Select(t => (t.Name, $"{(TaskState)(t.Status?.State ?? 0)} on {t.NodeName}")),
        ];
}

/// <summary>Labels of the node that -Name names, else of every node.</summary>
public sealed class NodeLabelCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        var name = Bound<string>(bound, "Name");
        var nodes = await AllAsync(client.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken), cancellationToken);
        return
        [
            .. nodes
                .Where(n => name is null || n.Name == name || n.Id == name)
                .SelectMany(n => n.Labels)
                .Select(l => (l.Key, $"{l.Key}={l.Value}")),
        ];
    }
}

/// <summary>Constraints that can be written about the nodes there are.</summary>
public sealed class ConstraintCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        var nodes = await AllAsync(client.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken), cancellationToken);
        List<string> all = ["node.role==manager", "node.role==worker"];
        foreach (var node in nodes)
        {
            all.Add($"node.id=={node.Id}");
            all.Add($"node.hostname=={node.Name}");
            all.AddRange(node.Labels.Select(l => $"node.labels.{l.Key}=={l.Value}"));
            if (node.Description is { } d)
            {
                all.AddRange((d.Engine?.Labels ?? []).Select(l => $"engine.labels.{l.Key}=={l.Value}"));
                all.Add($"node.platform.os=={d.Platform?.Os}");
                all.Add($"node.platform.arch=={d.Platform?.Architecture}");
            }
        }
        return [.. all.Select(c => (c, $"{c}, or != for the opposite"))];
    }
}
