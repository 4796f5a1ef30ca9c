using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Core.Errors;
using Swarm.Security;
using Swarm.Security.Certificates;
using Swarm.Storage;

namespace Swarm.DockerSwarm.Plane;

/// <summary>Reads a certificate of another swarmd's authority in the form of New-SwarmCredential: key, certificate and root in one PEM
/// file.</summary>
internal static class PeerCredential
{
    /// <summary>Read at every use: a new certificate needs no restart.</summary>
    /// <param name="peer">The setting that names the file.</param>
    /// <param name="time">For the validity.</param>
    /// <param name="warn">Told when others had rights to the file.</param>
    /// <exception cref="SwarmException">PeerCertificateInvalid: missing, unreadable, expired, or in the hands of others.</exception>
    public static ClusterCredentials Load(PeerSetting peer, TimeProvider time, Action<string> warn)
    {
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                // It holds a key: nobody else reads it, and nobody else wrote it.
                new PrivateFiles(FileModes.System, warn).RequireKeyFile(peer.Certificate);
            }
            var text = File.ReadAllText(peer.Certificate);
            using var own = X509Certificate2.CreateFromPem(text, text);
            using var key = own.GetECDsaPrivateKey() ?? throw new CryptographicException("Its key is not one of an elliptic curve.");
            X509Certificate2Collection all = [];
            all.ImportFromPem(text);
            var root =
                all.FirstOrDefault(static c => c.Subject == c.Issuer) ?? throw new CryptographicException("It holds no root certificate.");
            var identity = NodeIdentity.Create(own.RawData, key.ExportPkcs8PrivateKey(), root.RawData);
            var credentials = new ClusterCredentials(identity, time);
            return credentials.IsCurrent ? credentials : throw new CryptographicException($"{credentials.Own.By("this host's")}.");
        }
        catch (SwarmException e)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "PeerCertificateInvalid",
                $"{e.Message} Nothing was done on {peer.Node}.",
                peer.Node,
                e.Action,
                e
            );
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "PeerCertificateInvalid",
                $"The certificate '{peer.Certificate}' of the peer {peer.Node} cannot be used: {e.Message.TrimEnd('.')}. Nothing was done there.",
                peer.Node,
                $"Make one on {peer.Node} with New-SwarmCredential, and put the PEM file there; swarmd need not be started again.",
                e
            );
        }
    }
}
