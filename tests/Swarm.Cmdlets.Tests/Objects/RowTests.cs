using Swarm.Cmdlets.Services;
using Swarm.Cmdlets.Tests.Hosting;
using Swarm.Cmdlets.Tests.Options;

namespace Swarm.Cmdlets.Tests.Objects;

/// <summary>Rows of CSV files and other objects make and change what the cmdlets are for.</summary>
public sealed class RowTests
{
    [Fact]
    public async ValueTask A_row_with_every_option_as_text_makes_the_same_service_as_the_parameters()
    {
        await using var shell = await Shell.StartAsync();
        var options = OptionFlowTests.Settings.Select(o => o.Data).ToDictionary(o => o, o => (object?)OptionFlowTests.Value(o, 7));
        var row = new PSObject();
        row.Properties.Add(new PSNoteProperty("Name", "web"));
        foreach (var (name, value) in options)
        {
            row.Properties.Add(new PSNoteProperty(name, Cell(value!)));
        }
        shell.Run("$row | ConvertTo-Csv | ConvertFrom-Csv | New-SwarmService", ("row", row)).ThrowIfFailed();
        var expected = new ServiceSpecBuilder(options).Create("web", ServiceMode.Replicated);
        Assert.Equal(expected, shell.Fake.Last<V1.CreateServiceRequest>().Spec);
    }

    [Fact]
    public async ValueTask An_object_with_every_option_as_a_value_makes_the_same_service_as_the_parameters()
    {
        await using var shell = await Shell.StartAsync();
        var options = OptionFlowTests.Settings.Select(o => o.Data).ToDictionary(o => o, o => (object?)OptionFlowTests.Value(o, 7));
        var item = new PSObject();
        item.Properties.Add(new PSNoteProperty("Name", "web"));
        foreach (var (name, value) in options)
        {
            item.Properties.Add(new PSNoteProperty(name, value));
        }
        shell.Run("$item | New-SwarmService", ("item", item)).ThrowIfFailed();
        var expected = new ServiceSpecBuilder(options).Create("web", ServiceMode.Replicated);
        Assert.Equal(expected, shell.Fake.Last<V1.CreateServiceRequest>().Spec);
    }

    [Fact]
    public async ValueTask An_empty_cell_is_as_if_not_given_also_after_a_row_that_gave_it()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run(
                """
                @'
                Name,Image,Mode,Replicas,Command,Env,Label,Publish,Mount,ReadOnly,User,UpdateDelay,UpdateOrder,UpdateParallelism,LimitCpu,LimitMemory
                a,web:1,,3,sh;-c;sleep 10,A=1;B=x y,tier=front;zone=a,"published=8080,target=80;443:443",/srv:/srv:ro;data:/data,true,1000,10s,start-first,2,0.5,64m
                b,web:2,,,,,,,,,,,,,,
                c,web:3,Global,,,,,,,No,,,,,,
                '@ | ConvertFrom-Csv | New-SwarmService
                """
            )
            .ThrowIfFailed();
        var made = shell.Fake.All<V1.CreateServiceRequest>().Select(r => r.Spec).ToList();
        Assert.Equal(["a", "b", "c"], made.Select(s => s.Name));
        var first = made[0];
        Assert.Equal(3ul, first.Replicated.Replicas);
        Assert.Equal(["sh", "-c", "sleep 10"], first.Container.Command);
        Assert.Equal(["A=1", "B=x y"], first.Container.Env);
        Assert.Equal(("front", "a"), (first.Labels["tier"], first.Labels["zone"]));
        Assert.Equal([(8080u, 80u), (443u, 443u)], first.Ports.Select(p => (p.PublishedPort_, p.TargetPort)));
        Assert.Equal(["/srv", "/data"], first.Container.Mounts.Select(m => m.Target));
        Assert.True(first.Container.ReadOnly);
        Assert.Equal((V1.UpdateOrder.StartFirst, 2ul, 10L), (first.Update.Order, first.Update.Parallelism, first.Update.Delay.Seconds));
        var second = ServiceSpecDefaults.New("b", global: false);
        second.Container.Image = "web:2";
        Assert.Equal(second, made[1]);
        var third = ServiceSpecDefaults.New("c", global: true);
        third.Container.Image = "web:3";
        Assert.Equal(third, made[2]);
    }

    [Theory]
    [InlineData("Replicas", "three", "ParameterArgumentTransformationError")]
    [InlineData("UpdateOrder", "sideways", "ParameterArgumentTransformationError")]
    [InlineData("ReadOnly", "perhaps", "ParameterArgumentTransformationError")]
    [InlineData("UpdateDelay", "soon", "ParameterArgumentTransformationError")]
    [InlineData("HealthRetries", "99999999999", "ParameterArgumentTransformationError")]
    [InlineData("Publish", "80:80;x", "ParameterArgumentTransformationError")]
    [InlineData("RollbackFailureAction", "Rollback", "ConflictingParameters")]
    [InlineData("Image", "", "ParameterArgumentValidationErrorEmptyStringNotAllowed")]
    public async ValueTask A_row_that_is_wrong_is_told_and_the_others_are_made(string column, string cell, string errorId)
    {
        await using var shell = await Shell.StartAsync();
        var result = shell.Run(
            """
            $rows = foreach ($name in 'a', 'b', 'c') { [pscustomobject]@{ Name = $name; Image = 'web:1' } }
            $rows[1] | Add-Member $column $cell -Force
            $rows | New-SwarmService
            """,
            ("column", column),
            ("cell", cell)
        );
        Assert.StartsWith(errorId + ",", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Null(result.Terminating);
        Assert.Equal(["a", "c"], shell.Fake.Services.Select(s => s.Spec.Name));
    }

    [Fact]
    public async ValueTask The_command_line_wins_over_the_object_and_gives_what_is_common()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run(
                "@{ Name = 'a'; Image = 'web:1'; Replicas = 2 } | ForEach-Object { [pscustomobject]$_ } | New-SwarmService -Image web:2 -Env A=1;"
                    + "1..2 | New-SwarmService -Name { \"n$_\" } -Image web:3 -Replicas { $_ + 1 }"
            )
            .ThrowIfFailed();
        Assert.Equal(
            [("a", "web:2", 2ul), ("n1", "web:3", 2ul), ("n2", "web:3", 3ul)],
            shell.Fake.All<V1.CreateServiceRequest>().Select(r => (r.Spec.Name, r.Spec.Container.Image, r.Spec.Replicated.Replicas))
        );
    }

    [Fact]
    public async ValueTask Json_makes_services()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run(
                """
                '{ "Name": "web", "Image": "web:1", "Replicas": 2, "Env": { "A": "1" }, "Label": { "tier": "front" }, "ReadOnly": true,
                   "Publish": [ { "published": 8080, "target": 80 } ], "Mount": [ { "type": "tmpfs", "target": "/tmp", "tmpfs-mode": "1777" } ] }' |
                    ConvertFrom-Json | New-SwarmService
                """
            )
            .ThrowIfFailed();
        var spec = shell.Fake.Last<V1.CreateServiceRequest>().Spec;
        Assert.Equal((2ul, "A=1", "front"), (spec.Replicated.Replicas, Assert.Single(spec.Container.Env), spec.Labels["tier"]));
        Assert.Equal((8080u, 80u), (Assert.Single(spec.Ports).PublishedPort_, spec.Ports[0].TargetPort));
        Assert.Equal(("/tmp", 1023u), (Assert.Single(spec.Container.Mounts).Target, spec.Container.Mounts[0].TmpfsMode));
        Assert.True(spec.Container.ReadOnly);
    }

    [Fact]
    public async ValueTask Rows_change_nodes_services_and_numbers_of_replicas()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.AddService("db");
        var result = shell.Run(
            """
            @'
            Name,Availability,Role,Label
            worker1,drain,,zone=c;rack=7
            worker2,,,
            manager1,Pause,,
            '@ | ConvertFrom-Csv | Set-SwarmNode
            @'
            Name,Image,Replicas,ReadOnly,User
            web,web:2,,true,
            db,,4,,7
            '@ | ConvertFrom-Csv | Set-SwarmService
            """
        );
        // The row without a change.
        Assert.StartsWith("NothingToChange,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Null(result.Terminating);
        Assert.Equal(
            [V1.NodeAvailability.Pause, V1.NodeAvailability.Drain, V1.NodeAvailability.Active],
            shell.Fake.Nodes.Select(n => n.Availability)
        );
        Assert.Equal(("c", "7"), (shell.Fake.Nodes[1].Labels["zone"], shell.Fake.Nodes[1].Labels["rack"]));
        Assert.Equal(2, shell.Fake.Count<V1.UpdateNodeRequest>());
        var (web, db) = (shell.Fake.Services[0].Spec, shell.Fake.Services[1].Spec);
        Assert.Equal(("web:2", 1ul, true, ""), (web.Container.Image, web.Replicated.Replicas, web.Container.ReadOnly, web.Container.User));
        Assert.Equal(
            ("redis:3.0.6@sha256:1111", 4ul, false, "7"),
            (db.Container.Image, db.Replicated.Replicas, db.Container.ReadOnly, db.Container.User)
        );
        shell.Run("'Name,Replicas', 'web,5', 'db,6' | ConvertFrom-Csv | Invoke-SwarmScale").ThrowIfFailed();
        Assert.Equal([5ul, 6ul], shell.Fake.Services.Select(s => s.Spec.Replicated.Replicas));
    }

    [Fact]
    public async ValueTask Rows_make_networks()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run(
                """
                @'
                Name,Driver,Subnet,Gateway,Attachable,Label,Option
                front,,10.1.0.0/24;10.2.0.0/24,10.1.0.1,true,tier=web,mtu=1400
                back,,,,,,
                '@ | ConvertFrom-Csv | New-SwarmNetwork
                """
            )
            .ThrowIfFailed();
        var made = shell.Fake.All<V1.CreateNetworkRequest>();
        Assert.Equal([("front", "overlay", true), ("back", "overlay", false)], made.Select(n => (n.Name, n.Driver, n.Attachable)));
        Assert.Equal([("10.1.0.0/24", "10.1.0.1"), ("10.2.0.0/24", "")], made[0].Subnets.Select(s => (s.Subnet, s.Gateway)));
        Assert.Equal(("web", "1400", 0, 0), (made[0].Labels["tier"], made[0].Options["mtu"], made[1].Subnets.Count, made[1].Labels.Count));
    }

    /// <summary>The value as a person writes it into a cell.</summary>
    private static string Cell(object value) =>
        value switch
        {
            System.Collections.Hashtable map => string.Join(';', map.Keys.Cast<object>().Select(k => $"{k}={map[k]}")),
            Mount[] mounts => string.Join(';', mounts.Select(m => $"{m.Source}:{m.Target}")),
            PublishedPort[] ports => string.Join(';', ports.Select(p => $"{p.Published}:{p.Target}")),
            string[] texts => string.Join(';', texts),
            TimeSpan span => $"{span.TotalSeconds}s",
            SwitchParameter flag => $"{flag}",
            _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
        };
}
