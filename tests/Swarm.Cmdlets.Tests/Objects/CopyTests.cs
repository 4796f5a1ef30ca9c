using Google.Protobuf.WellKnownTypes;
using Swarm.Cmdlets.Services;
using Swarm.Cmdlets.Tests.Hosting;
using Swarm.Cmdlets.Tests.Options;

namespace Swarm.Cmdlets.Tests.Objects;

/// <summary>An object of Get-SwarmService carries every option under the parameter's name, so that the service can be made again.</summary>
public sealed class CopyTests
{
    private const string Live = "Get-SwarmService web | New-SwarmService -Name copy";

    // Import-Clixml and remoting.
    private const string Deserialized =
        "$s = [System.Management.Automation.PSSerializer]::Serialize((Get-SwarmService web), 3); "
        + "[System.Management.Automation.PSSerializer]::Deserialize($s) | New-SwarmService -Name copy";

    [Theory]
    [InlineData(Live)]
    [InlineData(Deserialized)]
    public async ValueTask A_service_with_every_option_is_copied_whole(string script)
    {
        await using var shell = await Shell.StartAsync();
        var spec = SpecFields.Full();
        spec.Name = "web";
        // Docker's form of a health check; what is the manager's own; a number that counts updates.
        spec.Container.HealthCheck.Test[0] = "CMD";
        spec.Placement.Platforms.Clear();
        spec.ForceUpdate = 0;
        // A published port identifies an entry.
        spec.Ports[1].PublishedPort_++;
        var expected = Copy(shell, spec, script);
        Assert.Equal(expected, shell.Fake.Last<V1.CreateServiceRequest>().Spec);
    }

    [Theory]
    [InlineData("CMD-SHELL", "curl -f localhost; exit 1")]
    [InlineData("CMD", "check")]
    [InlineData("CMD", "check", "now")]
    [InlineData("NONE")]
    public async ValueTask Each_form_of_a_health_check_is_copied(params string[] test)
    {
        await using var shell = await Shell.StartAsync();
        var spec = Plain();
        spec.Container.HealthCheck = new V1.HealthCheck { Test = { test } };
        Copy(shell, spec, Live);
        Assert.Equal(test, shell.Fake.Last<V1.CreateServiceRequest>().Spec.Container.HealthCheck.Test);
    }

    [Fact]
    public async ValueTask Texts_with_the_separator_of_cells_stay_one()
    {
        await using var shell = await Shell.StartAsync();
        var spec = Plain();
        spec.Container.Command.Add("a; b");
        spec.Container.Env.Add("PATH=/a;/b");
        var expected = Copy(shell, spec, Live);
        var copy = shell.Fake.Last<V1.CreateServiceRequest>().Spec;
        Assert.Equal(expected.Container.Command, copy.Container.Command);
        Assert.Equal(expected.Container.Env, copy.Container.Env);
    }

    [Theory]
    [InlineData("", true, 0)]
    [InlineData(" -Mode Replicated", false, 1)]
    public async ValueTask A_global_service_is_copied_without_the_number_of_its_nodes(string mode, bool global, int replicas)
    {
        await using var shell = await Shell.StartAsync();
        var spec = Plain();
        spec.Global = new V1.GlobalMode();
        Copy(shell, spec, Live + mode);
        var copy = shell.Fake.Last<V1.CreateServiceRequest>().Spec;
        Assert.Equal((global, replicas), (copy.Global is not null, (int)(copy.Replicated?.Replicas ?? 0)));
    }

    [Fact]
    public async ValueTask A_replicated_service_is_copied_as_a_global_one()
    {
        await using var shell = await Shell.StartAsync();
        var spec = Plain();
        spec.Replicated.Replicas = 3;
        Copy(shell, spec, Live + " -Mode Global");
        Assert.NotNull(shell.Fake.Last<V1.CreateServiceRequest>().Spec.Global);
    }

    [Fact]
    public async ValueTask A_port_that_the_swarm_chose_is_chosen_again()
    {
        await using var shell = await Shell.StartAsync();
        var spec = Plain();
        spec.Ports.Add(new V1.PublishedPort { TargetPort = 80 });
        var service = Add(shell, spec);
        service.PublishedPorts.Add(new V1.PublishedPort { TargetPort = 80, PublishedPort_ = 30001 });
        shell.Run(Live).ThrowIfFailed();
        Assert.Equal((0u, 80u), (Port(shell).PublishedPort_, Port(shell).TargetPort));

        static V1.PublishedPort Port(Shell shell) => Assert.Single(shell.Fake.Last<V1.CreateServiceRequest>().Spec.Ports);
    }

    [Fact]
    public async ValueTask What_is_no_service_does_not_make_half_a_copy()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var error = shell.Run("Get-SwarmTask web | New-SwarmService -Name copy").Error;
        Assert.StartsWith("MissingParameter,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(0, shell.Fake.Count<V1.CreateServiceRequest>());
    }

    [Fact]
    public async ValueTask A_network_is_copied()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run("New-SwarmNetwork one -Attachable -Subnet 10.1.0.0/24; Get-SwarmNetwork one | New-SwarmNetwork -Name two")
            .ThrowIfFailed();
        var made = shell.Fake.Last<V1.CreateNetworkRequest>();
        Assert.Equal(("two", true, "10.1.0.0/24"), (made.Name, made.Attachable, Assert.Single(made.Subnets).Subnet));
    }

    private static V1.ServiceSpec Plain()
    {
        var spec = ServiceSpecDefaults.New("web", global: false);
        spec.Container.Image = "web:1";
        return spec;
    }

    private static V1.Service Add(Shell shell, V1.ServiceSpec spec)
    {
        var service = shell.Fake.AddService("web");
        service.Spec = spec;
        service.CreatedAt = Timestamp.FromDateTime(DateTime.UtcNow);
        shell.Fake.Place(service);
        return service;
    }

    private static V1.ServiceSpec Copy(Shell shell, V1.ServiceSpec spec, string script)
    {
        Add(shell, spec);
        shell.Run(script).ThrowIfFailed();
        var expected = spec.Clone();
        expected.Name = "copy";
        return expected;
    }
}
