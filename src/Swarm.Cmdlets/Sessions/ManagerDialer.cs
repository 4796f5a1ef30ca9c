using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Cmdlets.Sessions;

/// <summary>Opens connections to the managers of a swarm: to the first of a list that answers and is a manager.</summary>
internal sealed class ManagerDialer(IReadOnlyList<DnsEndPoint> managers, ClientCertificate certificate)
{
    /// <summary>The limit for connection and handshake with one manager, while there is another to try; the last manager has a limit of its
    /// own.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(8);

    private const string UnavailableAction = "Check -ManagerAddress, that swarmd runs there, and that a firewall lets its port through.";

    public string Endpoint { get; } = string.Join(", ", managers.Select(Name));

    /// <summary>The longest time that the whole list may take.</summary>
    public TimeSpan Timeout => ((managers.Count - 1) * Patience) + LastPatience + TimeSpan.FromSeconds(1);

    /// <summary>The last call ended with a connection to a manager.</summary>
    public bool FoundManager { get; private set; }

    /// <exception cref="SwarmException">ManagerUnavailable: no host answers. ManagerNotTrusted: a host answers that is no manager of this
    /// swarm.
    /// CertificateInvalid: our certificate has expired.</exception>
    public async ValueTask<Stream> DialAsync(CancellationToken cancellationToken)
    {
        // A session may outlive its certificate.
        certificate.RequireValid(DateTime.UtcNow);
        FoundManager = false;
        var strangers = false;
        var failures = new List<string>();
        foreach (var manager in managers)
        {
            var patience = failures.Count < managers.Count - 1 ? Patience : LastPatience;
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(patience);
            try
            {
                var stream = await ConnectAsync(manager, timeout.Token);
                FoundManager = true;
                return stream;
            }
            catch (Exception e)
                when (e is SocketException or IOException or AuthenticationException
                    || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                var isStranger = e is NotManagerException;
                strangers |= isStranger;
                failures.Add(
                    $"{Name(manager)} ({(e is OperationCanceledException ? $"no answer within {patience.TotalSeconds:0} s" : e.Message.TrimEnd('.'))})"
                );
            }
        }
        var all = string.Join(", ", failures);
        throw strangers
            ? new SwarmException(
                "ManagerNotTrusted",
                $"No host at {all} is a manager of the client certificate's swarm.",
                Endpoint,
                "Check -ManagerAddress and -CertificatePath. A swarm that was made anew needs a new certificate: New-SwarmCredential, on a manager."
            )
            : new SwarmException("ManagerUnavailable", $"No manager answers at {all}.", Endpoint, UnavailableAction);
    }

    /// <summary>The error for a connection that was open and broke.</summary>
    public SwarmException Lost() =>
        new("ManagerUnavailable", $"The connection to the manager at {Endpoint} broke.", Endpoint, UnavailableAction);

    private async Task<Stream> ConnectAsync(DnsEndPoint manager, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            await socket.ConnectAsync(manager, cancellationToken);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            X509Certificate? server = null;
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    ClientCertificates = [certificate.Certificate],
                    // The swarm's own root identifies managers, not host names. The code below judges the certificate, so that the error
                    // can state the reason.
                    RemoteCertificateValidationCallback = (_, presented, _, _) => (server = presented) is not null,
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                },
                cancellationToken
            );
            return certificate.Refuse(server, DateTime.UtcNow) is { } reason ? throw new NotManagerException(reason) : tls;
        }
        catch
        {
            if (tls is not null)
            {
                await tls.DisposeAsync();
            }
            socket.Dispose();
            throw;
        }
    }

    private static string Name(DnsEndPoint manager) => $"{manager.Host}:{manager.Port}";

    private sealed class NotManagerException(string reason) : AuthenticationException(reason);
}
