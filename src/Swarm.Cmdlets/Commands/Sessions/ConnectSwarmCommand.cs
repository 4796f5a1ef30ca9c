using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Errors;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommunications.Connect, "Swarm", DefaultParameterSetName = "Socket")]
[OutputType(typeof(Session))]
public sealed class ConnectSwarmCommand : AsyncCmdlet
{
    private const int ClusterPort = 2377;

    [Parameter(ParameterSetName = "Socket", Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Socket { get; set; }

    [Parameter(ParameterSetName = "Manager", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] ManagerAddress { get; set; } = [];

    [Parameter(ParameterSetName = "Manager", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string CertificatePath { get; set; } = "";

    [Parameter]
    public SwitchParameter NoDefault { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var connection =
            ParameterSetName == "Manager"
                ? Connection.OpenManagers(
                    [.. ManagerAddress.Select(Parse)],
                    ClientCertificate.Load(GetUnresolvedProviderPathFromPSPath(CertificatePath), DateTime.UtcNow, WriteWarning)
                )
                : Connection.OpenSocket(Socket is null ? SessionTable.LocalSocket : GetUnresolvedProviderPathFromPSPath(Socket));
        try
        {
            // The first call opens the connection: the cmdlet returns a session only when a daemon answers.
            var daemon = await connection.Client.Daemon.GetDaemonAsync(
                new V1.GetDaemonRequest(),
                deadline: DateTime.UtcNow + connection.Timeout,
                cancellationToken: cancellationToken
            );
            WriteObject(SessionTable.Add(connection, daemon, makeDefault: !NoDefault));
        }
        catch (RpcException e) when (connection.FoundManager && ErrorMapper.IdOf(e) == "DaemonUnavailable")
        {
            connection.Dispose();
            throw new SwarmException(
                "CertificateRefused",
                $"The manager at {connection.Endpoint} refused the client certificate '{CertificatePath}'.",
                CertificatePath,
                "It may be revoked, belong to another swarm, or be expired by the manager's clock: make another one with New-SwarmCredential."
            );
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static DnsEndPoint Parse(string address)
    {
        if (IPEndPoint.TryParse(address, out var ip) && (ip.Port != 0 || !address.Contains(']', StringComparison.Ordinal)))
        {
            // 010.0.0.5 is 8.0.0.5 here and 10.0.0.5 elsewhere.
            if (ip.AddressFamily == AddressFamily.InterNetwork && address.Split(':')[0] != ip.Address.ToString())
            {
                throw NoAddress(address);
            }
            return new DnsEndPoint(ip.Address.ToString(), ip.Port == 0 ? ClusterPort : ip.Port);
        }
        var colon = address.LastIndexOf(':');
        if (colon < 0)
        {
            return new DnsEndPoint(address, ClusterPort);
        }
        return colon > 0 && ushort.TryParse(address[(colon + 1)..], out var port)
            ? new DnsEndPoint(address[..colon], port)
            : throw NoAddress(address);
    }

    private static SwarmException NoAddress(string address) =>
        new("InvalidAddress", $"'{address}' is not an address.", address, "Write host, or host:port, such as 10.0.0.11:2377.");
}
