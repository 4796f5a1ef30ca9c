using System.Collections;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Set, "SwarmNode", SupportsShouldProcess = true)]
[OutputType(typeof(Node))]
public sealed class SetSwarmNodeCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Node)]
    [Alias("Id", "NodeId")]
    [ArgumentCompleter(typeof(NodeCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter]
    public NodeAvailability? Availability { get; set; }

    [Parameter]
    public NodeRole? Role { get; set; }

    [Parameter]
    [Labels]
    [ArgumentCompleter(typeof(NodeLabelCompleter))]
    public Hashtable? Label { get; set; }

    [Parameter]
    [ArgumentCompleter(typeof(NodeLabelCompleter))]
    public string[] RemoveLabel { get; set; } = [];

    [Parameter]
    public SwitchParameter Wait { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (Availability is null && Role is null && Label is null && RemoveLabel.Length == 0)
        {
            throw new SwarmException(
                "ConflictingParameters",
                "No change was given.",
                "",
                "Name one: -Availability, -Role, -Label or -RemoveLabel."
            );
        }
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
        var request = new V1.UpdateNodeRequest
        {
            RequestId = NewRequestId(),
            Selector = node.Id,
            LabelsRemoved = { RemoveLabel },
        };
        if (Availability is { } availability)
        {
            request.Availability = (V1.NodeAvailability)availability;
        }
        if (Role is { } role)
        {
            request.Role = (V1.NodeRole)role;
        }
        foreach (DictionaryEntry label in Label ?? [])
        {
            request.LabelsSet.Add((string)label.Key, $"{label.Value}");
        }
        if (!await ApproveAsync(node.Name, Describe(), token => PreviewAsync(request, token), Force, cancellationToken))
        {
            return;
        }
        if (
            AsksAgain
            && await IsLastManagerAsync(node, cancellationToken)
            && !ShouldContinue($"'{node.Name}' is the last manager. Demote it?", "Demote the last manager")
        )
        {
            return;
        }
        var answer = await Client.Nodes.UpdateNodeAsync(request, cancellationToken: cancellationToken);
        if (Wait)
        {
            await WaitForNodesAsync(
                new Dictionary<string, string> { [node.Id] = node.Name },
                Availability == NodeAvailability.Drain ? NodeGoal.Drained : NodeGoal.Ready,
                Timeout,
                cancellationToken
            );
        }
        if (PassThru)
        {
            // After a wait, the output shows the state that the wait ended with.
            foreach (var shown in Wait ? await FindNodesAsync([node.Id], cancellationToken) : [answer.Node])
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

    private async ValueTask<bool> IsLastManagerAsync(V1.Node node, CancellationToken cancellationToken) =>
        Role == NodeRole.Worker
        && node.Role == V1.NodeRole.Manager
        && (await FindNodesAsync(null, cancellationToken)).Count(n => n.Role == V1.NodeRole.Manager) == 1;

    private string Describe()
    {
        List<string> parts = [];
        if (Availability is { } availability)
        {
            parts.Add($"Set availability {availability}");
        }
        if (Role is { } role)
        {
            parts.Add(role == NodeRole.Manager ? "Promote to manager" : "Demote to worker");
        }
        if (Label is not null)
        {
            parts.Add("Set labels " + string.Join(", ", Label.Keys.Cast<string>().Order()));
        }
        if (RemoveLabel.Length > 0)
        {
            parts.Add("Remove labels " + string.Join(", ", RemoveLabel));
        }
        return string.Join(", ", parts);
    }
}
