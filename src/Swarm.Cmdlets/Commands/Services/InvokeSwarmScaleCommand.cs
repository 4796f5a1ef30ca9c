using System.Collections;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Invoke, "SwarmScale", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(Service))]
public sealed class InvokeSwarmScaleCommand : SwarmCmdlet, ITakesObjects
{
    private readonly List<V1.ServiceScale> _wanted = [];
    private bool _refused;

    [Parameter(ParameterSetName = "Name", Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Service, Pairs = true)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter(ParameterSetName = "Name", Position = 1, ValueFromPipelineByPropertyName = true)]
    [Whole]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long? Replicas { get; set; }

    [Parameter(ParameterSetName = "Map", Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public Hashtable Scale { get; set; } = [];

    [Parameter(ParameterSetName = "Name", ValueFromPipeline = true, DontShow = true)]
    public PSObject? InputObject { get; set; }

    [Parameter]
    public SwitchParameter Wait { get; set; }

    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan? Timeout { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var refused = true;
        try
        {
            await ReadAsync(cancellationToken);
            refused = false;
        }
        finally
        {
            _refused |= refused;
        }
    }

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == "Map")
        {
            foreach (DictionaryEntry entry in Scale)
            {
                Add($"{entry.Key}", Number($"{entry.Key}", entry.Value));
            }
            return;
        }
        foreach (var name in Name)
        {
            if (IsBound(nameof(Replicas)) && Replicas is { } replicas)
            {
                if (!WildcardPattern.ContainsWildcardCharacters(name))
                {
                    Add(name, replicas);
                    continue;
                }
                foreach (var service in await FindServicesAsync([name], cancellationToken))
                {
                    Add(service.Spec.Name, replicas);
                }
            }
            else if (name.Split('=', 2) is [{ Length: > 0 } service, var count])
            {
                Add(service, Number(service, count));
            }
            else
            {
                throw new SwarmException(
                    "MissingParameter",
                    $"No number of replicas for '{name}'.",
                    name,
                    $"Write Invoke-SwarmScale {name} 5, or Invoke-SwarmScale @{{ {name} = 5 }}."
                );
            }
        }
    }

    // A single call scales everything from the pipeline: all or nothing.
    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (_wanted.Count == 0 || _refused)
        {
            return;
        }
        var request = new V1.ScaleServicesRequest { RequestId = NewRequestId(), Services = { _wanted } };
        var target = string.Join(", ", _wanted.Select(s => s.Selector));
        var action = "Scale to " + string.Join(", ", _wanted.Select(s => s.Replicas).Distinct().Order());
        if (!await ApproveAsync(target, action, token => PreviewAsync(request, token), false, cancellationToken))
        {
            return;
        }
        var scaled = await Client.Services.ScaleServicesAsync(request, cancellationToken: cancellationToken);
        if (Wait)
        {
            await WaitForChangedServicesAsync(scaled.Services, Timeout, cancellationToken);
        }
        if (PassThru)
        {
            foreach (
                var service in Wait ? await FindServicesAsync(scaled.Services.Select(s => s.Id), cancellationToken) : [.. scaled.Services]
            )
            {
                WriteObject(OutputMapper.ToService(service));
            }
        }
    }

    private async Task<V1.Preview?> PreviewAsync(V1.ScaleServicesRequest request, CancellationToken cancellationToken)
    {
        var dry = request.Clone();
        dry.DryRun = true;
        return (await Client.Services.ScaleServicesAsync(dry, cancellationToken: cancellationToken)).Preview;
    }

    private void Add(string service, long replicas) => _wanted.Add(new V1.ServiceScale { Selector = service, Replicas = replicas });

    private static long Number(string service, object? value) =>
        LanguagePrimitives.TryConvertTo<long>(value, out var number)
            ? number
            : throw new SwarmException(
                "InvalidReplicas",
                $"'{value}' is not a number of replicas for '{service}'.",
                service,
                "Give a whole number, 0 or more."
            );
}
