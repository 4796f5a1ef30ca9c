using System.Collections;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Options;

/// <summary>Test-SwarmPlacement tries what New-SwarmService would make.</summary>
public sealed class PlacementTests
{
    [Fact]
    public async ValueTask Test_SwarmPlacement_takes_what_New_SwarmService_takes()
    {
        await using var shell = await Shell.StartAsync();
        var made = ParametersOf(shell, "New-SwarmService").Where(p => p.Name is not ("WhatIf" or "Confirm")).ToList();
        var tried = ParametersOf(shell, "Test-SwarmPlacement", "Spec").ToDictionary(p => p.Name);
        Assert.All(
            made,
            p =>
            {
                Assert.True(tried.TryGetValue(p.Name, out var same), $"Test-SwarmPlacement has no -{p.Name}.");
                Assert.Equal((p.Name, p.Position), (same.Name, same.Position));
                // A service that is there is one of several names.
                Assert.Equal(p.Name == "Name" ? typeof(string[]) : p.ParameterType, same.ParameterType);
            }
        );
    }

    [Fact]
    public async ValueTask The_same_parameters_are_the_same_service()
    {
        await using var shell = await Shell.StartAsync();
        var options = new Hashtable(OptionFlowTests.Settings.Select(o => o.Data).ToDictionary(o => o, o => OptionFlowTests.Value(o, 7)))
        {
            ["Name"] = "web",
            ["Replicas"] = 3L,
            ["HealthCommand"] = "true",
            ["Wait"] = true,
            ["NoResolveImage"] = true,
            ["RegistryCredential"] = new PSCredential("me", new System.Security.SecureString()),
        };
        shell.Run("Test-SwarmPlacement @options", ("options", options)).ThrowIfFailed();
        Assert.Equal(0, shell.Fake.Count<V1.CreateServiceRequest>() + shell.Fake.Count<V1.WaitServicesRequest>());
        shell.Run("New-SwarmService @options", ("options", options)).ThrowIfFailed();
        Assert.Equal(shell.Fake.Last<V1.CreateServiceRequest>().Spec, shell.Fake.Last<V1.TestPlacementRequest>().Spec);
        shell.Run("Test-SwarmPlacement agent alpine -Mode Global").ThrowIfFailed();
        var asked = shell.Fake.Last<V1.TestPlacementRequest>();
        Assert.Equal(
            ("", "agent", "alpine", V1.ServiceSpec.ModeOneofCase.Global),
            (asked.Selector, asked.Spec.Name, asked.Spec.Container.Image, asked.Spec.ModeCase)
        );
    }

    [Fact]
    public async ValueTask Without_an_image_the_parameters_change_a_service_that_is_there()
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web", 2);
        shell.Run("Test-SwarmPlacement web").ThrowIfFailed();
        Assert.Equal(
            (web.Id, null),
            (shell.Fake.Last<V1.TestPlacementRequest>().Selector, shell.Fake.Last<V1.TestPlacementRequest>().Spec)
        );
        shell.Run("Get-SwarmService web | Test-SwarmPlacement -Constraint node.labels.zone==b -ReserveMemory 64m").ThrowIfFailed();
        var asked = shell.Fake.Last<V1.TestPlacementRequest>();
        Assert.Equal(web.Id, asked.Selector);
        Assert.Equal(["node.labels.zone==b"], asked.Spec.Placement.Constraints);
        Assert.Equal(
            (64L << 20, 2ul, web.Spec.Container.Image),
            (asked.Spec.Resources.Reservations.MemoryBytes, asked.Spec.Replicated.Replicas, asked.Spec.Container.Image)
        );
        Assert.Empty(web.Spec.Placement.Constraints);
        Assert.StartsWith(
            "ServiceNotFound,",
            shell.Run("Test-SwarmPlacement nosuch -ReserveMemory 64m").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    private static IEnumerable<CommandParameterInfo> ParametersOf(Shell shell, string cmdlet, string? set = null) =>
        shell
            .Run($"Get-Command {cmdlet}")
            .One<CmdletInfo>()
            .ParameterSets.Where(s => set is null || s.Name == set)
            .SelectMany(s => s.Parameters)
            .DistinctBy(p => p.Name)
            .Where(p => !Cmdlet.CommonParameters.Contains(p.Name));
}
