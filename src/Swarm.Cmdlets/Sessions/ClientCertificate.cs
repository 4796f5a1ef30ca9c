using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Cmdlets.Sessions;

/// <summary>A client certificate with its key and the swarm's root, from a PEM or PFX file as New-SwarmCredential writes it.</summary>
internal sealed class ClientCertificate
{
    private const string OrganizationalUnit = "2.5.4.11";
    private readonly X509Certificate2Collection _roots;

    private readonly string _path;

    private ClientCertificate(string path, X509Certificate2 certificate, X509Certificate2Collection roots)
    {
        _path = path;
        Certificate = certificate;
        _roots = roots;
    }

    public X509Certificate2 Certificate { get; }

    /// <param name="path">The file.</param>
    /// <param name="now">For the validity.</param>
    /// <param name="warn">Told when others could read the file; they cannot any more.</param>
    /// <exception cref="SwarmException">CertificateInvalid: missing, unreadable, without key, without root, expired, or others can write it.</exception>
    public static ClientCertificate Load(string path, DateTime now, Action<string> warn)
    {
        if (!File.Exists(path))
        {
            throw Invalid(path, "it does not exist");
        }
        if (!OperatingSystem.IsWindows())
        {
            KeepPrivate(path, warn);
        }
        X509Certificate2Collection all = [];
        X509Certificate2? own;
        try
        {
            if (Path.GetExtension(path).ToLowerInvariant() is ".pfx" or ".p12")
            {
                all.AddRange(X509CertificateLoader.LoadPkcs12CollectionFromFile(path, ""));
                own = all.FirstOrDefault(c => c.HasPrivateKey);
            }
            else
            {
                var text = File.ReadAllText(path);
                all.ImportFromPem(text);
                own = text.Contains("PRIVATE KEY", StringComparison.Ordinal) ? X509Certificate2.CreateFromPem(text, text) : null;
            }
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw Invalid(path, e.Message.TrimEnd('.'));
        }
        if (own is null)
        {
            throw Invalid(path, "it holds no private key");
        }
        var roots = new X509Certificate2Collection(all.Where(c => c.Subject == c.Issuer).ToArray());
        var loaded = new ClientCertificate(path, own, roots);
        loaded.RequireValid(now);
        return roots.Count == 0 ? throw Invalid(path, "it holds no root certificate of the swarm") : loaded;
    }

    /// <exception cref="SwarmException">CertificateInvalid: the certificate has expired, or its time has not begun.</exception>
    public void RequireValid(DateTime now)
    {
        if (Certificate.NotBefore.ToUniversalTime() > now)
        {
            throw Invalid(
                _path,
                $"it is not valid before {Certificate.NotBefore.ToUniversalTime():u}, and the clock of this host says {now:u}"
            );
        }
        if (Certificate.NotAfter.ToUniversalTime() < now)
        {
            throw Invalid(_path, $"it expired on {Certificate.NotAfter:yyyy-MM-dd}");
        }
    }

    /// <summary>The reason why a peer is not accepted as a manager of the swarm; null when it is.</summary>
    /// <param name="peer">The certificate that it presented.</param>
    /// <param name="now">UTC.</param>
    public string? Refuse(X509Certificate? peer, DateTime now)
    {
        const string NoManager = "a host answers there, but is no manager of that swarm";
        if (peer is null)
        {
            return NoManager;
        }
        using var certificate = new X509Certificate2(peer);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // The time is judged below, in words.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        // Workers and administrators have certificates of the same root: the organizational unit identifies a manager.
        var isManager =
            chain.Build(certificate)
            && certificate
                .SubjectName.EnumerateRelativeDistinguishedNames()
                .Any(n => n.GetSingleElementType().Value == OrganizationalUnit && n.GetSingleElementValue() == "swarm-manager");
        var (from, until) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        return !isManager ? NoManager
            : now < from ? $"its certificate is not valid before {from:u}, and the clock of this host says {now:u}"
            : now > until ? $"its certificate ended on {until:u}, and the clock of this host says {now:u}"
            : null;
    }

    /// <summary>The file holds a key: it is for its owner alone.</summary>
    [UnsupportedOSPlatform("windows")]
    private static void KeepPrivate(string path, Action<string> warn)
    {
        var mode = File.GetUnixFileMode(path);
        if ((mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
        {
            throw new SwarmException(
                "CertificateInvalid",
                $"The client certificate '{path}' cannot be used: other users can write it, so that it may be theirs.",
                path,
                $"Make sure that it is yours, then run: chmod 600 '{path}'"
            );
        }
        if ((mode & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) == 0)
        {
            return;
        }
        try
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            warn(
                $"Other users could read '{path}', which holds a key. Its mode is 0600 now. Revoke-SwarmCredential ends a certificate that was read."
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            warn($"Other users can read '{path}', which holds a key: {e.Message.TrimEnd('.')}. As its owner, run: chmod 600 '{path}'");
        }
    }

    private static SwarmException Invalid(string path, string why) =>
        new(
            "CertificateInvalid",
            $"The client certificate '{path}' cannot be used: {why}.",
            path,
            "Make one on a manager with New-SwarmCredential."
        );
}
