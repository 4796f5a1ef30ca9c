using System.Collections;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.New, "SwarmNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(Network))]
public sealed class NewSwarmNetworkCommand : SwarmCmdlet, ITakesObjects
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string Name { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string Driver { get; set; } = "overlay";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] Subnet { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] Gateway { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Flag]
    public SwitchParameter Attachable { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Flag]
    public SwitchParameter Internal { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Flag]
    public SwitchParameter Encrypted { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Flag]
    public SwitchParameter IPv6 { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Labels]
    [Alias("Labels")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public Hashtable Label { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Labels]
    [Alias("Options")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public Hashtable Option { get; set; } = [];

    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public PSObject? InputObject { get; set; }

    // A network is copied.
    string ITakesObjects.OwnType => nameof(Network);

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var subnets = Given(nameof(Subnet), Subnet) ?? [];
        var gateways = Given(nameof(Gateway), Gateway) ?? [];
        if (gateways.Length > subnets.Length)
        {
            throw new SwarmException(
                "MissingParameter",
                "There are more gateways than subnets.",
                Name,
                "Give a -Subnet for each -Gateway."
            );
        }
        if (!await ApproveAsync(Name, "Create network", null, false, cancellationToken))
        {
            return;
        }
        var request = new V1.CreateNetworkRequest
        {
            RequestId = NewRequestId(),
            Name = Name,
            Driver = Given(nameof(Driver), Driver) ?? "overlay",
            Attachable = Given(nameof(Attachable), Attachable),
            Internal = Given(nameof(Internal), Internal),
            Encrypted = Given(nameof(Encrypted), Encrypted),
            Ipv6 = Given(nameof(IPv6), IPv6),
        };
        foreach (DictionaryEntry entry in Given(nameof(Label), Label) ?? [])
        {
            request.Labels[(string)entry.Key] = $"{entry.Value}";
        }
        foreach (DictionaryEntry entry in Given(nameof(Option), Option) ?? [])
        {
            request.Options[(string)entry.Key] = $"{entry.Value}";
        }
        for (var i = 0; i < subnets.Length; i++)
        {
            request.Subnets.Add(new V1.NetworkSubnet { Subnet = subnets[i], Gateway = i < gateways.Length ? gateways[i] : "" });
        }
        WriteObject(OutputMapper.ToNetwork(await Client.Networks.CreateNetworkAsync(request, cancellationToken: cancellationToken)));
    }

    /// <summary>The value, if it is given. An object that is no network has properties of the same names.</summary>
    private T? Given<T>(string parameter, T value) => IsBound(parameter) ? value : default;
}
