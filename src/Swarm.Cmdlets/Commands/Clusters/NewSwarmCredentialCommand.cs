using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.New, "SwarmCredential", SupportsShouldProcess = true)]
[OutputType(typeof(ClientCredential))]
public sealed class NewSwarmCredentialCommand : SwarmCmdlet, ITakesObjects
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string Name { get; set; } = "";

    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan Expiry { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public PSObject? InputObject { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var path = GetUnresolvedProviderPathFromPSPath(Path);
        if (File.Exists(path) && !Force)
        {
            throw new SwarmException("CredentialExists", $"'{path}' exists.", path, "Give another -Path, or overwrite it with -Force.");
        }
        if (Directory.Exists(path))
        {
            throw new SwarmException("CredentialExists", $"'{path}' is a directory.", path, "Give the -Path of a file in it.");
        }
        if (System.IO.Path.GetDirectoryName(path) is { Length: > 0 } folder && !Directory.Exists(folder) && !File.Exists(folder))
        {
            // A folder that is made for a typing error is found by nobody, and its rights would be those of the umask.
            throw new SwarmException(
                "FolderNotFound",
                $"There is no folder '{folder}'.",
                folder,
                $"Make it with New-Item -ItemType Directory '{folder}', or give another -Path."
            );
        }
        if (!await ApproveAsync(path, $"Issue a client certificate for '{Name}'", null, false, cancellationToken))
        {
            return;
        }
        using var target = new PrivateFile(path);
        // The key never leaves this machine: the manager signs a request.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(Name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        var issued = await Client.Clusters.IssueClientCertificateAsync(
            new V1.IssueClientCertificateRequest
            {
                RequestId = NewRequestId(),
                Name = Name,
                CertificateRequest = ByteString.CopyFrom(request.CreateSigningRequest()),
                Expiry = IsBound(nameof(Expiry)) ? Duration.FromTimeSpan(Expiry) : null,
            },
            cancellationToken: cancellationToken
        );
        using var certificate = X509Certificate2.CreateFromPem(issued.Certificate);
        target.Commit(Encode(path, key, issued));
        WriteObject(
            new ClientCredential
            {
                Name = Name,
                CertificatePath = path,
                Thumbprint = certificate.Thumbprint,
                ExpiresAt = certificate.NotAfter,
                ManagerAddress = [.. issued.ManagerAddresses],
            }
        );
    }

    private static byte[] Encode(string path, ECDsa key, V1.IssueClientCertificateResponse issued)
    {
        X509Certificate2Collection all = [];
        all.ImportFromPem(issued.Certificate);
        var root = X509Certificate2.CreateFromPem(issued.RootCertificate);
        if (all.All(c => c.Thumbprint != root.Thumbprint))
        {
            all.Add(root);
        }
        if (System.IO.Path.GetExtension(path).ToLowerInvariant() is ".pfx" or ".p12")
        {
            all[0] = all[0].CopyWithPrivateKey(key);
            return all.Export(X509ContentType.Pkcs12, "")!;
        }
        return Encoding.ASCII.GetBytes(
            key.ExportPkcs8PrivateKeyPem() + "\n" + string.Concat(all.Select(c => c.ExportCertificatePem() + "\n"))
        );
    }

    /// <summary>A file that only its owner may read. It is opened before the swarm is asked, so that no certificate is issued that cannot
    /// be
    /// saved. It gets its final name when it is complete.</summary>
    private sealed class PrivateFile : IDisposable
    {
        private readonly string _path;
        private readonly string _temporary;
        private readonly FileStream _file;

        /// <exception cref="IOException">The file cannot be created there.</exception>
        /// <exception cref="UnauthorizedAccessException">This user may not create it.</exception>
        public PrivateFile(string path)
        {
            _path = path;
            _temporary = $"{path}.{Guid.NewGuid():n}.new";
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }
            _file = new FileStream(_temporary, options);
        }

        public void Commit(byte[] content)
        {
            _file.Write(content);
            _file.Dispose();
            File.Move(_temporary, _path, overwrite: true);
        }

        public void Dispose()
        {
            _file.Dispose();
            // After Commit, there is no such file any more.
            File.Delete(_temporary);
        }
    }
}
