using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Wait, "SwarmService")]
[OutputType(typeof(Service))]
public sealed class WaitSwarmServiceCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter]
    public SwitchParameter Removed { get; set; }

    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan? Timeout { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        // A removed service is no longer listed while its tasks end, but the manager still knows its name.
        string[] known = Removed ? [.. Name.Where(n => !WildcardPattern.ContainsWildcardCharacters(n))] : [];
        foreach (var name in known)
        {
            _names[name] = name;
        }
        var rest = Name.Except(known, StringComparer.Ordinal).ToArray();
        if (rest.Length > 0)
        {
            foreach (var service in await FindServicesAsync(rest, cancellationToken))
            {
                _names[service.Id] = service.Spec.Name;
            }
        }
    }

    // Follows all services at the same time.
    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        // The user asked for the removal, so an absent service is no error. A mistyped name looks the same, so there is a message.
        foreach (var name in await WaitForServicesAsync(_names, Removed, Timeout, cancellationToken))
        {
            if (!Connection.RemovedServices.ContainsKey(name))
            {
                WriteWarning(
                    $"There was nothing to wait for: there is no service '{name}', and no task of one. It was removed before, or the name is wrong."
                );
            }
        }
        if (PassThru && !Removed && _names.Count > 0)
        {
            foreach (var service in await FindServicesAsync(_names.Keys, cancellationToken))
            {
                WriteObject(OutputMapper.ToService(service));
            }
        }
    }
}
