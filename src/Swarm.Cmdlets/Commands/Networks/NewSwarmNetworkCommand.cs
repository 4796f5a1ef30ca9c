using System.Collections;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.New, "SwarmNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(Network))]
public sealed class NewSwarmNetworkCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Driver { get; set; } = "overlay";

    [Parameter]
    public string[] Subnet { get; set; } = [];

    [Parameter]
    public string[] Gateway { get; set; } = [];

    [Parameter]
    public SwitchParameter Attachable { get; set; }

    [Parameter]
    public SwitchParameter Internal { get; set; }

    [Parameter]
    public SwitchParameter Encrypted { get; set; }

    [Parameter]
    public SwitchParameter IPv6 { get; set; }

    [Parameter]
    [Labels]
    public Hashtable Label { get; set; } = [];

    [Parameter]
    [Labels]
    public Hashtable Option { get; set; } = [];

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (Gateway.Length > Subnet.Length)
        {
            throw new SwarmException(
                "ConflictingParameters",
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
            Driver = Driver,
            Attachable = Attachable,
            Internal = Internal,
            Encrypted = Encrypted,
            Ipv6 = IPv6,
        };
        foreach (DictionaryEntry entry in Label)
        {
            request.Labels[(string)entry.Key] = $"{entry.Value}";
        }
        foreach (DictionaryEntry entry in Option)
        {
            request.Options[(string)entry.Key] = $"{entry.Value}";
        }
        for (var i = 0; i < Subnet.Length; i++)
        {
            request.Subnets.Add(new V1.NetworkSubnet { Subnet = Subnet[i], Gateway = i < Gateway.Length ? Gateway[i] : "" });
        }
        WriteObject(OutputMapper.ToNetwork(await Client.Networks.CreateNetworkAsync(request, cancellationToken: cancellationToken)));
    }
}
