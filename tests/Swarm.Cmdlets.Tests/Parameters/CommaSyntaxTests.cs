using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Parameters;

/// <summary>Docker's comma syntax without quotes, which PowerShell reads as a list, in a real command line.</summary>
public sealed class CommaSyntaxTests
{
    [Theory]
    [InlineData("published=8081,target=80", "8081:80/Tcp/Ingress")]
    [InlineData("target=80,published=8081", "8081:80/Tcp/Ingress")]
    [InlineData("'published=8081,target=80'", "8081:80/Tcp/Ingress")]
    [InlineData("published=8081,target=80,protocol=udp,mode=host", "8081:80/Udp/Host")]
    [InlineData("target=80", "0:80/Tcp/Ingress")]
    [InlineData("target=80,target=443", "0:80/Tcp/Ingress 0:443/Tcp/Ingress")]
    [InlineData("published=1,target=2,published=3,target=4", "1:2/Tcp/Ingress 3:4/Tcp/Ingress")]
    [InlineData("'published=1,target=2','published=3,target=4'", "1:2/Tcp/Ingress 3:4/Tcp/Ingress")]
    [InlineData("8080:80,443:443", "8080:80/Tcp/Ingress 443:443/Tcp/Ingress")]
    [InlineData("8080,9090", "0:8080/Tcp/Ingress 0:9090/Tcp/Ingress")]
    [InlineData("8080:80,published=8081,target=81,53/udp", "8080:80/Tcp/Ingress 8081:81/Tcp/Ingress 0:53/Udp/Ingress")]
    [InlineData("published=8081,target=81,@{ target = 82 },'target=83,mode=host'", "8081:81/Tcp/Ingress 0:82/Tcp/Ingress 0:83/Tcp/Host")]
    public async ValueTask Ports(string argument, string expected)
    {
        await using var shell = await Shell.StartAsync();
        shell.Run($"New-SwarmService web x -Publish {argument}").ThrowIfFailed();
        Assert.Equal(
            expected.Split(' '),
            shell.Fake.Last<V1.CreateServiceRequest>().Spec.Ports.Select(p => $"{p.PublishedPort_}:{p.TargetPort}/{p.Protocol}/{p.Mode}")
        );
    }

    [Theory]
    [InlineData("type=bind,source=/a,target=/x", "Bind /a /x False")]
    [InlineData("type=bind,source=/a,target=/x,readonly", "Bind /a /x True")]
    [InlineData("readonly=true,type=bind,src=/a,dst=/x", "Bind /a /x True")]
    [InlineData("source=data,target=/x", "Volume data /x False")]
    [InlineData("type=volume,source=data,target=/x,volume-label=a=1,volume-label=b=2", "Volume data /x False")]
    [InlineData("type=bind,source=/a,target=/x,readonly,type=tmpfs,target=/y", "Bind /a /x True|Tmpfs  /y False")]
    [InlineData("/a:/x:ro,type=bind,source=/b,target=/y,data:/z", "Bind /a /x True|Bind /b /y False|Volume data /z False")]
    [InlineData("'type=bind,source=/a,target=/x','type=bind,source=/b,target=/y'", "Bind /a /x False|Bind /b /y False")]
    [InlineData("'type=bind,source=/a;b,target=/x'", "Bind /a;b /x False")]
    public async ValueTask Mounts(string argument, string expected)
    {
        await using var shell = await Shell.StartAsync();
        shell.Run($"New-SwarmService web x -Mount {argument}").ThrowIfFailed();
        Assert.Equal(
            expected.Split('|'),
            shell.Fake.Last<V1.CreateServiceRequest>().Spec.Container.Mounts.Select(m => $"{m.Type} {m.Source} {m.Target} {m.ReadOnly}")
        );
    }

    [Theory]
    [InlineData("-Publish target=80,published=8081,target=81", "Put each port in quotes.")]
    [InlineData("-Publish published=8081", "is not a port")]
    [InlineData("-Publish published=8081,targt=80", "unknown key 'targt'")]
    [InlineData("-Mount type=bind,target=/x", "names no source")]
    [InlineData("-Mount target=/x,type=tmpfs,target=/y", "Put each mount in quotes.")]
    public async ValueTask What_is_no_entry_or_more_than_one_list_is_told(string argument, string says)
    {
        await using var shell = await Shell.StartAsync();
        var error = shell.Run($"New-SwarmService web x {argument}").Error;
        Assert.StartsWith("ParameterArgumentTransformationError,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, shell.Fake.Count<V1.CreateServiceRequest>());
    }

    [Fact]
    public async ValueTask A_port_to_remove()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run("New-SwarmService web x -Publish 8081:80,443; Set-SwarmService web -RemovePublish published=8081,target=80")
            .ThrowIfFailed();
        Assert.Equal([443u], shell.Fake.Services[0].Spec.Ports.Select(p => p.TargetPort));
    }
}
