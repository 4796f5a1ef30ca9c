using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsData.Initialize, "Swarm", SupportsShouldProcess = true)]
[OutputType(typeof(InitializeResult))]
public sealed class InitializeSwarmCommand : ClusterSettingsCmdlet
{
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string? AdvertiseAddress { get; set; }

    [Parameter]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string? ListenAddress { get; set; }

    [Parameter]
    public NodeAvailability Availability { get; set; }

    [Parameter]
    public SwitchParameter ForceNewCluster { get; set; }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (!await ApproveAsync(AdvertiseAddress ?? "this node", "Initialize a swarm", null, false, cancellationToken))
        {
            return;
        }
        var made = await Client.Membership.InitSwarmAsync(
            new V1.InitSwarmRequest
            {
                RequestId = NewRequestId(),
                AdvertiseAddress = AdvertiseAddress ?? "",
                ListenAddress = ListenAddress ?? "",
                Availability = (V1.NodeAvailability)Availability,
                ForceNewCluster = ForceNewCluster,
                Settings = Settings(),
            },
            cancellationToken: cancellationToken
        );
        WriteObject(
            new InitializeResult
            {
                NodeId = made.NodeId,
                ClusterId = made.ClusterId,
                ManagerAddress = made.Tokens.ManagerAddress,
                WorkerToken = made.Tokens.Worker,
                ManagerToken = made.Tokens.Manager,
                WorkerJoinCommand = OutputMapper.JoinCommand(made.Tokens.Worker, made.Tokens.ManagerAddress),
                ManagerJoinCommand = OutputMapper.JoinCommand(made.Tokens.Manager, made.Tokens.ManagerAddress),
                UnlockKey = made.UnlockKey.Length > 0 ? made.UnlockKey : null,
            }
        );
    }
}
