using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Core.Credentials;
using Swarm.Core.Errors;
using Swarm.Engine;
using Swarm.Security;
using Swarm.Security.Certificates;
using Swarm.Storage;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Plane;

/// <summary>Certificates for remote sessions. Docker signs none for us, so this swarmd has an authority of its own, in its state
/// directory.</summary>
public sealed class DockerAuthority : IAsyncDisposable
{
    /// <summary>Root certificate and key; readable by its owner only.</summary>
    public const string FileName = "docker-authority.json";

    /// <summary>Validity of the certificate of this swarmd, the same as a node's; it is renewed at half of it.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);

    /// <summary>The interval of looks at the wall clock, which a timer does not follow when it is set.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMinutes(1);

    private readonly CertificateAuthority _authority;
    private readonly string _name;
    private readonly string _id;
    private readonly TimeProvider _time;
    private readonly ITimer _renewal;

    private readonly DockerCredentials _issued;

    private DockerAuthority(CertificateAuthority authority, DockerCredentials issued, string id, string name, TimeProvider time)
    {
        _authority = authority;
        _issued = issued;
        _id = id;
        _name = name;
        _time = time;
        Credentials = new ClusterCredentials(NewIdentity(), time)
        {
            IsRevoked = c => issued.Current.IsRevoked(c.Name, c.SerialNumber, c.IssuedAt),
        };
        _renewal = time.CreateTimer(_ => RenewWhenDue(), null, LookPeriod, LookPeriod);
    }

    /// <summary>The port's own certificate, and the root that it trusts.</summary>
    public ClusterCredentials Credentials { get; }

    /// <summary>Reads the authority, or creates one at the first start.</summary>
    /// <exception cref="SwarmException">StateDirectoryDamaged.</exception>
    public static DockerAuthority Open(StateDirectory directory, string name, TimeProvider time)
    {
        var path = directory.Combine(FileName);
        try
        {
            if (directory.Read(FileName) is not { } bytes)
            {
                var (certificate, key) = CertificateAuthority.CreateRoot(time.GetUtcNow());
                var made = new JsonObject
                {
                    ["id"] = NodeIds.Next(),
                    ["certificate"] = Convert.ToBase64String(certificate),
                    ["key"] = Convert.ToBase64String(key),
                };
                bytes = Encoding.UTF8.GetBytes(made.ToJsonString());
                directory.WriteAtomic(FileName, bytes);
            }
            var content = JsonNode.Parse(bytes);
            var authority = new CertificateAuthority(
                Convert.FromBase64String(content.Text("certificate")),
                Convert.FromBase64String(content.Text("key"))
            );
            return new DockerAuthority(authority, DockerCredentials.Open(directory), content.Text("id"), name, time);
        }
        catch (Exception e) when (e is JsonException or CryptographicException or FormatException)
        {
            throw StateDirectory.Damaged(path, "is damaged", e);
        }
    }

    /// <summary>The certificates that this swarmd made.</summary>
    public CredentialSet Issued => _issued.Current;

    /// <summary>Records a certificate and signs it. The answer lacks the managers' addresses.</summary>
    /// <exception cref="SwarmException">InvalidName, InvalidSetting, TooManyCredentials, InvalidCertificateRequest,
    /// StateDirectoryNotWritable.</exception>
    public V1.IssueClientCertificateResponse Issue(V1.IssueClientCertificateRequest request)
    {
        var lifetime = ProtocolMapping.FromWire(request.Expiry, ClientCertificates.DefaultLifetime, "Expiry");
        V1.IssueClientCertificateResponse? response = null;
        _issued.Change(known =>
        {
            var credential = ClientCertificates.Prepare(_authority, request.Name, lifetime, known, _time.GetUtcNow());
            response = ClientCertificates.Sign(_authority, _id, request.CertificateRequest.Span, credential);
            return known.Issue(credential);
        });
        return response!;
    }

    /// <summary>Refuses a certificate, or all of a name, from now on.</summary>
    /// <param name="request">As <see cref="ClientCertificates.Read"/> gives it.</param>
    /// <exception cref="SwarmException">CredentialNotFound, InvalidName, InvalidArgument, StateDirectoryNotWritable.</exception>
    public void Revoke(V1.RevokeCredentialRequest request)
    {
        _issued.Change(known =>
        {
            ClientCertificates.CheckRevocation(known, request);
            var now = _time.GetUtcNow();
            return request.Name.Length > 0 ? known.RevokeName(request.Name, now) : known.Revoke(request.SerialNumber, now);
        });
        Credentials.EndRevoked();
    }

    public async ValueTask DisposeAsync()
    {
        await _renewal.DisposeAsync();
        _authority.Dispose();
    }

    private void RenewWhenDue()
    {
        var own = Credentials.Identity.Certificate;
        var due = CertificateRenewal.DueAt(own.NotBefore.ToUniversalTime(), own.NotAfter.ToUniversalTime(), draw: 0);
        // A clock that was set back has made the certificate one of the future.
        if (_time.GetUtcNow() >= due || !Credentials.IsCurrent)
        {
            Credentials.Replace(NewIdentity());
        }
    }

    private NodeIdentity NewIdentity()
    {
        var (key, request) = NodeIdentity.CreateRequest();
        var identity = new PeerIdentity(_name, CertificateRole.Manager, _id);
        return NodeIdentity.Create(_authority.Sign(request, identity, Lifetime, _time.GetUtcNow()), key, _authority.RootCertificate);
    }
}
