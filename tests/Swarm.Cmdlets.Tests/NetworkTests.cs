using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class NetworkTests
{
    [Fact]
    public async ValueTask Networks_are_made_listed_and_removed()
    {
        await using var shell = await Shell.StartAsync();
        var made = shell
            .Run("New-SwarmNetwork mynet -Subnet 10.1.0.0/24,10.2.0.0/24 -Gateway 10.1.0.1 -Attachable -Label @{ a = 1 } -Option mtu=1400")
            .One<Network>();
        Assert.Equal(("mynet", "overlay", true), (made.Name, made.Driver, made.Attachable));
        var request = shell.Fake.Last<V1.CreateNetworkRequest>();
        Assert.Equal(["10.1.0.1", ""], request.Subnets.Select(s => s.Gateway));
        Assert.Equal(("1", "1400"), (request.Labels["a"], request.Options["mtu"]));
        Assert.Equal(["mynet"], shell.Run("Get-SwarmNetwork my*").As<Network>().Select(n => n.Name));
        Assert.StartsWith("NetworkNotFound", shell.Run("Get-SwarmNetwork nosuch").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        shell.Run("Remove-SwarmNetwork mynet -WhatIf").ThrowIfFailed();
        Assert.Single(shell.Fake.Networks);
        Assert.Equal("mynet", shell.Run("Get-SwarmNetwork mynet | Remove-SwarmNetwork -Force -PassThru").One<Network>().Name);
        Assert.Empty(shell.Fake.Networks);
        Assert.StartsWith(
            "MissingParameter",
            shell.Run("New-SwarmNetwork n -Gateway 10.1.0.1").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async ValueTask Services_name_networks_and_ports()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("New-SwarmService web alpine -Network mynet,other -Publish 80:8080/tcp,53/udp").ThrowIfFailed();
        var spec = shell.Fake.Last<V1.CreateServiceRequest>().Spec;
        Assert.Equal(["mynet", "other"], spec.Networks);
        Assert.Equal([80u, 0u], spec.Ports.Select(p => p.PublishedPort_));
        Assert.Equal([8080u, 53u], spec.Ports.Select(p => p.TargetPort));
        var service = shell.Run("Get-SwarmService web").One<Service>();
        Assert.Equal(["*:80->8080/tcp", "*:?->53/udp"], service.Ports.Select(p => p.ToString()));

        shell
            .Run("Set-SwarmService web -RemoveNetwork other -Network third -RemovePublish 53/udp -Publish 80:9090,443:443")
            .ThrowIfFailed();
        spec = shell.Fake.Last<V1.UpdateServiceRequest>().Spec;
        Assert.Equal(["mynet", "third"], spec.Networks);
        Assert.Equal([(80u, 9090u), (443u, 443u)], spec.Ports.Select(p => (p.PublishedPort_, p.TargetPort)));
    }
}
