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
        var tried = ParametersOf(shell, "Test-SwarmPlacement").ToDictionary(p => p.Name);
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

    [Fact]
    public async ValueTask Rows_are_tried_as_New_SwarmService_would_make_them()
    {
        await using var shell = await Shell.StartAsync();
        const string Rows = """
            @'
            Name,Image,Mode,Replicas,Constraint,Env,Publish,LimitMemory,UpdateOrder
            a,web:1,,3,node.role==worker;node.labels.zone==a,A=1;B=x y,8080:80;443:443,64m,start-first
            b,web:2,,,,,,,
            c,web:3,Global,,,,,,
            '@ | ConvertFrom-Csv | &$command
            """;
        var tried = shell.Run(Rows, ("command", "Test-SwarmPlacement")).As<PlacementResult>();
        Assert.Equal(["a", "b", "c"], tried.Select(r => r.ServiceName).Distinct());
        Assert.Equal(0, shell.Fake.Count<V1.CreateServiceRequest>());
        shell.Run(Rows, ("command", "New-SwarmService")).ThrowIfFailed();
        Assert.Equal(
            shell.Fake.All<V1.CreateServiceRequest>().Select(r => r.Spec),
            shell.Fake.All<V1.TestPlacementRequest>().Select(r => r.Spec)
        );
        Assert.All(shell.Fake.All<V1.TestPlacementRequest>(), r => Assert.Equal("", r.Selector));
    }

    [Fact]
    public async ValueTask An_object_with_every_option_is_tried_as_New_SwarmService_would_make_it()
    {
        await using var shell = await Shell.StartAsync();
        var item = new PSObject();
        item.Properties.Add(new PSNoteProperty("Name", "web"));
        foreach (var option in OptionFlowTests.Settings.Select(o => o.Data))
        {
            item.Properties.Add(new PSNoteProperty(option, OptionFlowTests.Value(option, 7)));
        }
        shell.Run("$item | Test-SwarmPlacement; $item | New-SwarmService", ("item", item)).ThrowIfFailed();
        Assert.Equal(shell.Fake.Last<V1.CreateServiceRequest>().Spec, shell.Fake.Last<V1.TestPlacementRequest>().Spec);
    }

    [Theory]
    [InlineData("[pscustomobject]@{ Image = 'web:1'; Constraint = 'node.role==worker' } | Test-SwarmPlacement", "placement-test")]
    [InlineData("[pscustomobject]@{ Constraint = 'node.role==worker' } | Test-SwarmPlacement -Image web:1", "placement-test")]
    [InlineData("[pscustomobject]@{ Constraint = 'node.role==worker' } | Test-SwarmPlacement new web:1", "new")]
    [InlineData(
        "[pscustomobject]@{ Name = 'row'; Image = 'web:0' } | Test-SwarmPlacement -Image web:1 -Constraint node.role==worker",
        "row"
    )]
    [InlineData("'text' | Test-SwarmPlacement -Image web:1 -Constraint node.role==worker", "text")]
    public async ValueTask The_command_line_and_a_row_together_are_a_new_service(string command, string name)
    {
        await using var shell = await Shell.StartAsync();
        var shown = shell.Run(command).As<PlacementResult>();
        Assert.Equal([name == "placement-test" ? "" : name], shown.Select(r => r.ServiceName).Distinct());
        var asked = shell.Fake.Last<V1.TestPlacementRequest>();
        Assert.Equal(("", name, "web:1"), (asked.Selector, asked.Spec.Name, asked.Spec.Container.Image));
        Assert.Equal(["node.role==worker"], asked.Spec.Placement.Constraints);
    }

    [Fact]
    public async ValueTask A_row_without_an_image_changes_a_service_that_is_there()
    {
        await using var shell = await Shell.StartAsync();
        var (web, db) = (shell.Fake.AddService("web", 2), shell.Fake.AddService("db"));
        shell.Run("'Name,Constraint', 'web,node.role==worker', 'db,' | ConvertFrom-Csv | Test-SwarmPlacement").ThrowIfFailed();
        var asked = shell.Fake.All<V1.TestPlacementRequest>();
        Assert.Equal([web.Id, db.Id], asked.Select(r => r.Selector));
        Assert.Equal(["node.role==worker"], asked[0].Spec.Placement.Constraints);
        Assert.Null(asked[1].Spec);
    }

    [Theory]
    [InlineData("Get-SwarmService web")]
    [InlineData("Get-SwarmTask web")]
    [InlineData(
        "[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-SwarmService web)))"
    )]
    public async ValueTask An_object_of_the_module_stands_for_the_service_that_is_there(string source)
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web");
        shell.Run($"{source} | Select-Object -First 1 | Test-SwarmPlacement").ThrowIfFailed();
        var asked = shell.Fake.Last<V1.TestPlacementRequest>();
        Assert.Equal((web.Id, null), (asked.Selector, asked.Spec));
        shell.Run($"{source} | Select-Object -First 1 | Test-SwarmPlacement -Image web:2 -ReserveCpu 1").ThrowIfFailed();
        asked = shell.Fake.Last<V1.TestPlacementRequest>();
        Assert.Equal((web.Id, "web:2"), (asked.Selector, asked.Spec.Container.Image));
        Assert.Equal(1_000_000_000, asked.Spec.Resources.Reservations.NanoCpus);
    }

    [Fact]
    public async ValueTask A_service_with_a_name_on_the_command_line_is_tried_as_its_copy()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("$null = New-SwarmService web web:1 -Replicas 2 -Constraint node.role==worker -Env A=1").ThrowIfFailed();
        shell
            .Run("Get-SwarmService web | Test-SwarmPlacement -Name copy; Get-SwarmService web | New-SwarmService -Name copy")
            .ThrowIfFailed();
        Assert.Equal("copy", shell.Fake.Last<V1.TestPlacementRequest>().Spec.Name);
        Assert.Equal(shell.Fake.Last<V1.CreateServiceRequest>().Spec, shell.Fake.Last<V1.TestPlacementRequest>().Spec);
        shell
            .Run(
                "Get-SwarmService web | Test-SwarmPlacement -Name copy2 -Mode Global; Get-SwarmService web | New-SwarmService -Name copy2 -Mode Global"
            )
            .ThrowIfFailed();
        Assert.Equal(V1.ServiceSpec.ModeOneofCase.Global, shell.Fake.Last<V1.TestPlacementRequest>().Spec.ModeCase);
        Assert.Equal(shell.Fake.Last<V1.CreateServiceRequest>().Spec, shell.Fake.Last<V1.TestPlacementRequest>().Spec);
    }

    [Theory]
    [InlineData("Test-SwarmPlacement")]
    [InlineData("Test-SwarmPlacement -Constraint node.role==worker")]
    [InlineData("Test-SwarmPlacement web -Mode Global")]
    [InlineData("[pscustomobject]@{ Name = 'web'; Mode = 'Global' } | Test-SwarmPlacement")]
    public async ValueTask What_is_neither_a_service_nor_a_new_one_is_refused(string command)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        Assert.StartsWith("MissingParameter,", shell.Run(command).Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(0, shell.Fake.Count<V1.TestPlacementRequest>());
    }

    [Fact]
    public async ValueTask A_row_that_is_wrong_is_told_and_the_others_are_tried()
    {
        await using var shell = await Shell.StartAsync();
        var result = shell.Run(
            """
            'Name,Image,Replicas,RollbackFailureAction', 'a,web:1,,', 'b,web:1,three,', 'c,,,', 'd,web:1,,Rollback', 'e,web:1,2,' |
                ConvertFrom-Csv | Test-SwarmPlacement
            """
        );
        Assert.Equal(
            ["ParameterArgumentTransformationError", "ServiceNotFound", "ConflictingParameters"],
            result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0])
        );
        Assert.Equal(["a", "e"], shell.Fake.All<V1.TestPlacementRequest>().Select(r => r.Spec.Name));
    }

    private static IEnumerable<CommandParameterInfo> ParametersOf(Shell shell, string cmdlet) =>
        shell
            .Run($"Get-Command {cmdlet}")
            .One<CmdletInfo>()
            .ParameterSets.SelectMany(s => s.Parameters)
            .DistinctBy(p => p.Name)
            .Where(p => !Cmdlet.CommonParameters.Contains(p.Name));
}
