using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class CredentialTests
{
    [Fact]
    public async ValueTask Credentials_are_listed_with_their_state()
    {
        await using var shell = await Shell.StartAsync();
        var all = shell.Run("Get-SwarmCredential").As<Credential>();
        Assert.Equal(
            [("4A01", CredentialState.Valid), ("4A02", CredentialState.Valid), ("4B01", CredentialState.Expired)],
            all.Select(c => (c.SerialNumber, c.State))
        );
        Assert.Equal("bob", shell.Run("Get-SwarmCredential b*").One<Credential>().Name);
        var missing = shell.Run("Get-SwarmCredential nobody").Error;
        Assert.StartsWith("CredentialNotFound,", missing.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask A_credential_is_revoked_by_the_pipeline_or_by_name()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("Get-SwarmCredential alice | Select-Object -First 1 | Revoke-SwarmCredential -Force").ThrowIfFailed();
        Assert.Equal(
            ("4A01", ""),
            (shell.Fake.Last<V1.RevokeCredentialRequest>().SerialNumber, shell.Fake.Last<V1.RevokeCredentialRequest>().Name)
        );
        Assert.Equal(
            [CredentialState.Revoked, CredentialState.Valid],
            shell.Run("Get-SwarmCredential alice").As<Credential>().Select(c => c.State)
        );
        var revoked = shell.Run("Revoke-SwarmCredential alice -Force -PassThru").As<Credential>();
        Assert.Equal(["4A01", "4A02"], revoked.Select(c => c.SerialNumber));
        // An earlier version kept no record.
        var unknown = shell.Run("Revoke-SwarmCredential carol -Force").ThrowIfFailed();
        Assert.Contains("earlier version", Assert.Single(unknown.Warnings), StringComparison.Ordinal);
        var none = shell.Run("Revoke-SwarmCredential -SerialNumber 99 -Force").Error;
        Assert.StartsWith("CredentialNotFound,", none.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask Nothing_is_revoked_without_consent()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("Revoke-SwarmCredential alice -WhatIf").ThrowIfFailed();
        Assert.Equal(0, shell.Fake.Count<V1.RevokeCredentialRequest>());
        Assert.Contains("Prompted", shell.Run("Revoke-SwarmCredential alice").Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, shell.Fake.Count<V1.RevokeCredentialRequest>());
    }

    [Theory]
    [InlineData("'SWMKEY-1-abc'")]
    [InlineData("(ConvertTo-SecureString 'SWMKEY-1-abc' -AsPlainText -Force)")]
    public async ValueTask A_key_and_a_token_are_secure_strings_or_texts(string secret)
    {
        await using var shell = await Shell.StartAsync();
        shell.Run($"Unlock-Swarm {secret}; {secret} | Unlock-Swarm; Join-Swarm {secret} 127.0.0.1").ThrowIfFailed();
        Assert.All(shell.Fake.All<V1.UnlockSwarmRequest>(), r => Assert.Equal("SWMKEY-1-abc", r.UnlockKey));
        Assert.Equal(2, shell.Fake.Count<V1.UnlockSwarmRequest>());
        Assert.Equal("SWMKEY-1-abc", shell.Fake.Last<V1.JoinSwarmRequest>().Token);
    }

    [Fact]
    public async ValueTask A_token_comes_from_the_pipeline_and_an_empty_secret_is_refused()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("Get-SwarmJoinToken -Role Worker | Join-Swarm").ThrowIfFailed();
        Assert.Equal("SWMTKN-1-ca-worker", shell.Fake.Last<V1.JoinSwarmRequest>().Token);
        shell.Run("Get-SwarmUnlockKey | Unlock-Swarm").ThrowIfFailed();
        Assert.Equal("SWMKEY-1-abc", shell.Fake.Last<V1.UnlockSwarmRequest>().UnlockKey);
        Assert.NotNull(shell.Run("Unlock-Swarm ''").Error);
        Assert.NotNull(shell.Run("Join-Swarm $null 127.0.0.1").Error);
        Assert.Equal(1, shell.Fake.Count<V1.UnlockSwarmRequest>());
    }

    [Fact]
    public async ValueTask A_key_file_that_others_can_read_is_made_private_and_one_that_they_can_write_is_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await using var shell = await Shell.StartAsync();
        var folder = Directory.CreateTempSubdirectory("swarm-credential-").FullName;
        try
        {
            var path = Path.Combine(folder, "admin.pem");
            shell.Run("New-SwarmCredential admin $path", ("path", path)).ThrowIfFailed();
            if (!OperatingSystem.IsWindows())
            {
                const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                File.SetUnixFileMode(path, Own | UnixFileMode.GroupRead);
                var read = shell.Run("Connect-Swarm -ManagerAddress 127.0.0.1:1 -CertificatePath $path", ("path", path));
                Assert.Contains("Other users could read", Assert.Single(read.Warnings), StringComparison.Ordinal);
                Assert.Equal(Own, File.GetUnixFileMode(path));
                File.SetUnixFileMode(path, Own | UnixFileMode.OtherWrite);
                var written = shell.Run("Connect-Swarm -ManagerAddress 127.0.0.1:1 -CertificatePath $path", ("path", path)).Error;
                Assert.StartsWith("CertificateInvalid,", written.FullyQualifiedErrorId, StringComparison.Ordinal);
                Assert.Contains($"chmod 600 '{path}'", written.ToString(), StringComparison.Ordinal);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
