using System.Security.Authentication;
using Grpc.Core;

namespace Swarm.Security.Certificates;

/// <summary>This side has refused the certificate of a server. The handshake's own error would not say why.</summary>
/// <param name="fault">Foreign also stands for a certificate of this swarm that is not a manager's.</param>
/// <param name="message">The reason.</param>
public sealed class PeerCertificateException(CertificateFault fault, string message) : AuthenticationException(message)
{
    public CertificateFault Fault => fault;

    /// <summary>The refusal that ended a call, or null.</summary>
    public static PeerCertificateException? Of(Exception? error)
    {
        for (var e = error; e is not null; e = (e as RpcException)?.Status.DebugException ?? e.InnerException)
        {
            if (e is PeerCertificateException refused)
            {
                return refused;
            }
        }
        return null;
    }
}
