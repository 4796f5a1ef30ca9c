using System.Collections;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Set, "SwarmNode", SupportsShouldProcess = true)]
[OutputType(typeof(Node))]
public sealed class SetSwarmNodeCommand : SwarmCmdlet, ITakesObjects
{
    private const string Examples = "-Availability, -Role, -Label or -RemoveLabel";
    private static readonly string[] Changes = [nameof(Availability), nameof(Role), nameof(Label), nameof(RemoveLabel)];

    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Node)]
    [Alias("Id", "NodeId")]
    [ArgumentCompleter(typeof(NodeCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Word<NodeAvailability>]
    public NodeAvailability? Availability { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Word<NodeRole>]
    public NodeRole? Role { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Labels]
    [Alias("Labels")]
    [ArgumentCompleter(typeof(NodeLabelCompleter))]
    public Hashtable? Label { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NodeLabelCompleter))]
    public string[] RemoveLabel { get; set; } = [];

    [Parameter]
    public SwitchParameter Wait { get; set; }

    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan? Timeout { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public PSObject? InputObject { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        RequireChange(Changes, Examples);
        foreach (var node in await FindNodesAsync(Name, cancellationToken))
        {
            try
            {
                await ChangeAsync(node, cancellationToken);
            }
            catch (Exception e) when (IsOfOneObject(e))
            {
                Report(e, node.Name);
            }
        }
    }

    private async ValueTask ChangeAsync(V1.Node node, CancellationToken cancellationToken)
    {
        RequireChange(Changes, Examples, OutputMapper.ToNode(node));
        var request = Request(node);
        if (IsSo(request, node) && !IsWhatIf)
        {
            TellUnchanged($"Node '{node.Name}'");
            await FinishAsync(node, request, cancellationToken);
            return;
        }
        if (!await ApproveAsync(node.Name, Describe(request), token => PreviewAsync(request, token), Force, cancellationToken))
        {
            return;
        }
        if (
            AsksAgain
            && await IsLastManagerAsync(node, request, cancellationToken)
            && !ShouldContinue($"'{node.Name}' is the last manager. Demote it?", "Demote the last manager")
        )
        {
            return;
        }
        var answer = await Client.Nodes.UpdateNodeAsync(request, cancellationToken: cancellationToken);
        await FinishAsync(answer.Node, request, cancellationToken);
    }

    /// <summary>The given changes. The properties of a node from the pipeline are its state, and none.</summary>
    private V1.UpdateNodeRequest Request(V1.Node node)
    {
        var request = new V1.UpdateNodeRequest { RequestId = NewRequestId(), Selector = node.Id };
        if (IsBound(nameof(RemoveLabel)))
        {
            request.LabelsRemoved.Add(RemoveLabel);
        }
        if (IsBound(nameof(Availability)) && Availability is { } availability)
        {
            request.Availability = (V1.NodeAvailability)availability;
        }
        if (IsBound(nameof(Role)) && Role is { } role)
        {
            request.Role = (V1.NodeRole)role;
        }
        if (IsBound(nameof(Label)))
        {
            foreach (DictionaryEntry label in Label ?? [])
            {
                request.LabelsSet.Add((string)label.Key, $"{label.Value}");
            }
        }
        return request;
    }

    private static bool IsSo(V1.UpdateNodeRequest wanted, V1.Node node) =>
        wanted.LabelsRemoved.Count == 0
        && (!wanted.HasAvailability || wanted.Availability == node.Availability)
        && (!wanted.HasRole || wanted.Role == node.Role)
        && wanted.LabelsSet.All(l => node.Labels.TryGetValue(l.Key, out var value) && value == l.Value);

    private async ValueTask FinishAsync(V1.Node node, V1.UpdateNodeRequest request, CancellationToken cancellationToken)
    {
        if (Wait)
        {
            await WaitForNodesAsync(
                new Dictionary<string, string> { [node.Id] = node.Name },
                request is { HasAvailability: true, Availability: V1.NodeAvailability.Drain } ? NodeGoal.Drained : NodeGoal.Ready,
                Timeout,
                cancellationToken
            );
        }
        if (PassThru)
        {
            // After a wait, the output shows the state that the wait ended with.
            foreach (var shown in Wait ? await FindNodesAsync([node.Id], cancellationToken) : [node])
            {
                WriteObject(OutputMapper.ToNode(shown));
            }
        }
    }

    private async Task<V1.Preview?> PreviewAsync(V1.UpdateNodeRequest request, CancellationToken cancellationToken)
    {
        var dry = request.Clone();
        dry.DryRun = true;
        return (await Client.Nodes.UpdateNodeAsync(dry, cancellationToken: cancellationToken)).Preview;
    }

    // Demoting the last manager is of high impact; the cmdlet as a whole is not. A user who answered already (-Confirm, -Confirm:$false) or
    // who disabled questions (-Force, $ConfirmPreference None) is not asked again. The manager's refusal still explains the risk.
    private bool AsksAgain =>
        !Force
        && !IsBound("Confirm")
        && LanguagePrimitives.ConvertTo<ConfirmImpact>(GetVariableValue("ConfirmPreference", ConfirmImpact.High)) != ConfirmImpact.None;

    private async ValueTask<bool> IsLastManagerAsync(V1.Node node, V1.UpdateNodeRequest request, CancellationToken cancellationToken) =>
        request is { HasRole: true, Role: V1.NodeRole.Worker }
        && node.Role == V1.NodeRole.Manager
        && (await FindNodesAsync(null, cancellationToken)).Count(n => n.Role == V1.NodeRole.Manager) == 1;

    private static string Describe(V1.UpdateNodeRequest request)
    {
        List<string> parts = [];
        if (request.HasAvailability)
        {
            parts.Add($"Set availability {request.Availability}");
        }
        if (request.HasRole)
        {
            parts.Add(request.Role == V1.NodeRole.Manager ? "Promote to manager" : "Demote to worker");
        }
        if (request.LabelsSet.Count > 0)
        {
            parts.Add("Set labels " + string.Join(", ", request.LabelsSet.Keys.Order()));
        }
        if (request.LabelsRemoved.Count > 0)
        {
            parts.Add("Remove labels " + string.Join(", ", request.LabelsRemoved));
        }
        return string.Join(", ", parts);
    }
}
