using System.Security;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class CompletionTests
{
    private const string Complete = "(TabExpansion2 $line $line.Length).CompletionMatches";

    [Fact]
    public async ValueTask Completion_answers_from_the_session_and_never_throws()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.AddService("worker");
        Assert.Equal(["web"], Texts(shell.Run(Complete + ".CompletionText", ("line", "Get-SwarmService we"))));
        Assert.Equal(["worker1", "worker2"], Texts(shell.Run(Complete + ".CompletionText", ("line", "Set-SwarmNode -Name wor"))));
        Assert.Equal(
            ["'node.labels.zone==a'", "'node.labels.zone==b'"],
            Texts(shell.Run(Complete + ".CompletionText", ("line", "New-SwarmService a b -Constraint node.labels")))
        );
        Environment.SetEnvironmentVariable("SWARM_SOCKET", "/nonexistent/other.sock");
        shell.Run(Complete + ".CompletionText", ("line", "Get-SwarmService we")).ThrowIfFailed();
    }

    [Theory]
    [InlineData("Get-SwarmService serv", "service0id|service0id (web)")]
    [InlineData("Get-SwarmService -Name ", "web|web")]
    [InlineData("Set-SwarmNode node1", "node1id|node1id (worker1)")]
    [InlineData("Get-SwarmNetwork front", "front|front")]
    [InlineData("Get-SwarmNetwork ne", "net7|net7 (front)")]
    [InlineData("Stop-SwarmTask task00000000000000000001", "task00000000000000000001|task00000000000000000001 (web.2)")]
    public async ValueTask Ids_complete_where_no_name_begins_so_and_are_shown_with_their_names(string line, string expected)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web", 2).Id = "service0id";
        shell.Fake.Networks.Add(new V1.Network { Id = "net7", Name = "front" });
        Assert.Equal(
            [expected],
            Texts(shell.Run(Complete + " | ForEach-Object { $_.CompletionText + '|' + $_.ListItemText }", ("line", line)))
        );
    }

    [Fact]
    public async ValueTask An_id_that_begins_like_a_name_by_chance_is_not_offered_beside_it()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web").Id = "a7";
        shell.Fake.AddService("api").Id = "w3";
        Assert.Equal(["api"], Texts(shell.Run(Complete + ".CompletionText", ("line", "Get-SwarmService a"))));
        Assert.Equal(["a7"], Texts(shell.Run(Complete + ".CompletionText", ("line", "Get-SwarmService a7"))));
    }

    [Theory]
    [InlineData("Set-SwarmService web -RemoveEnv ", "A,B")]
    [InlineData("Set-SwarmService web -RemoveLabel ", "tier")]
    [InlineData("Set-SwarmService web -RemoveContainerLabel ", "part")]
    [InlineData("Set-SwarmService web -RemoveConstraint ", "'node.role==worker'")]
    [InlineData("Set-SwarmService web -RemovePlacementPreference ", "'spread=node.labels.zone'")]
    [InlineData("Set-SwarmService web -RemoveMount /", "/data")]
    [InlineData("Set-SwarmService web -RemoveGroup ", "audio,wheel")]
    [InlineData("Set-SwarmService web -RemoveNetwork ", "front")]
    [InlineData("Set-SwarmService web -RemovePublish ", "53/udp,80")]
    [InlineData("Set-SwarmService d* -RemoveEnv ", "C")]
    [InlineData("Set-SwarmService db,web -RemoveEnv ", "A,B,C")]
    [InlineData(
        "Set-SwarmService web -PlacementPreference ",
        "'spread=engine.labels.com.example.storage','spread=node.labels.rack','spread=node.labels.zone'"
    )]
    [InlineData("New-SwarmService x alpine -PlacementPreference spread=node.labels.z", "'spread=node.labels.zone'")]
    [InlineData("Undo-SwarmService web -ToRevision ", "10,9,8,7,6,5,4,3,2,1")]
    [InlineData("Undo-SwarmService web -ToRevision 1", "10,1")]
    [InlineData("Get-SwarmServiceRevision web -Number 1", "11,10,1")]
    [InlineData("Get-SwarmServiceRevision db -Number ", "1")]
    [InlineData("Set-SwarmNode worker2 -RemoveLabel ", "rack,zone")]
    [InlineData("Set-SwarmNode worker1 -RemoveLabel ", "zone")]
    [InlineData("Set-SwarmNode worker1 -Label ", "'rack=7','zone=a','zone=b'")]
    [InlineData("Watch-SwarmEvent w", "web,web.1,worker1,worker2")]
    [InlineData("Get-SwarmService -Label ", "tier,'tier=front'")]
    [InlineData("Get-SwarmService -Label tier=", "'tier=front'")]
    public async ValueTask Values_come_from_what_there_is(string line, string expected)
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web");
        web.Revision = 11;
        web.Spec.Labels.Add("tier", "front");
        web.Spec.Networks.Add("front");
        web.Spec.Ports.Add(new V1.PublishedPort { TargetPort = 80, PublishedPort_ = 8080 });
        web.Spec.Ports.Add(
            new V1.PublishedPort
            {
                TargetPort = 53,
                PublishedPort_ = 53,
                Protocol = V1.PortProtocol.Udp,
            }
        );
        web.Spec.Placement.Constraints.Add("node.role==worker");
        web.Spec.Placement.SpreadPreferences.Add("node.labels.zone");
        web.Spec.Container.Env.Add(["A=1", "B=2"]);
        web.Spec.Container.Labels.Add("part", "1");
        web.Spec.Container.Groups.Add(["wheel", "audio"]);
        web.Spec.Container.Mounts.Add(new V1.Mount { Source = "/srv", Target = "/data" });
        shell.Fake.AddService("db").Spec.Container.Env.Add("C=3");
        shell.Fake.Nodes[2].Labels.Add("rack", "7");
        Assert.Equal(expected.Split(','), Texts(shell.Run(Complete + ".CompletionText", ("line", line))));
        // Without an answer from the manager there are no completions.
        shell.Fake.Refusal = FakeControl.Refuse(Grpc.Core.StatusCode.Unavailable, "NoLeader", "The swarm has no leader.", "");
        Assert.Empty(
            Texts(
                shell.Run(
                    "(TabExpansion2 $line $line.Length).CompletionMatches.Where({ $_.ResultType -eq 'ParameterValue' })",
                    ("line", line)
                )
            )
        );
    }

    public static TheoryData<string, string> Completed =>
        [
            .. ConventionTests.Cmdlets.SelectMany(c =>
                c.Value.GetProperties()
                    .Where(p =>
                        Attribute.IsDefined(p, typeof(ParameterAttribute)) && Attribute.IsDefined(p, typeof(ArgumentCompleterAttribute))
                    )
                    .Select(p => (c.Key, p.Name))
            ),
        ];

    /// <summary>PowerShell completes files for every parameter without a completer, but for enums.</summary>
    [Fact]
    public void Only_parameters_that_take_paths_complete_files()
    {
        Type[] without =
        [
            typeof(SwitchParameter),
            typeof(bool),
            typeof(Session),
            typeof(PSObject),
            typeof(PSCredential),
            typeof(SecureString),
        ];
        var files =
            from cmdlet in ConventionTests.Cmdlets
            from property in cmdlet.Value.GetProperties()
            let type = property.PropertyType.GetElementType() ?? Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType
            where Attribute.IsDefined(property, typeof(ParameterAttribute), inherit: false)
            where !Attribute.IsDefined(property, typeof(ArgumentCompleterAttribute), inherit: false)
            where !type.IsEnum && !without.Contains(type)
            select property.Name;
        Assert.Equal(["CertificatePath", "Mount", "Path", "Socket"], files.Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>PowerShell completes the names of files where a completer has nothing, and the current folder has some that begin so.</summary>
    [Theory]
    [MemberData(nameof(Completed))]
    public async ValueTask A_parameter_with_a_completer_never_completes_files(string cmdlet, string parameter)
    {
        await using var shell = await Shell.StartAsync();
        var folder = Directory.CreateTempSubdirectory("swarm-files-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "zzqfile"), "", TestContext.Current.CancellationToken);
            shell.Run("Set-Location $folder", ("folder", folder)).ThrowIfFailed();
            foreach (var word in new[] { "zzq", "zz'q", "'zzq", "./zzq", "" })
            {
                var line = $"{cmdlet} -{parameter} {word}";
                var types = Texts(shell.Run(Complete + ".ResultType", ("line", line)));
                Assert.DoesNotContain(types, t => t.StartsWith("Provider", StringComparison.Ordinal));
            }
            // The word stays as it is.
            Assert.Equal(["zzq"], Texts(shell.Run(Complete + ".CompletionText", ("line", $"{cmdlet} -{parameter} zzq"))));
            // Nor without an answer.
            shell.Fake.Refusal = FakeControl.Refuse(Grpc.Core.StatusCode.Unavailable, "NoLeader", "The swarm has no leader.", "");
            Assert.Equal(["zzq"], Texts(shell.Run(Complete + ".CompletionText", ("line", $"{cmdlet} -{parameter} zzq"))));
        }
        finally
        {
            shell.Run("Set-Location /").ThrowIfFailed();
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async ValueTask A_revision_is_shown_with_what_it_changed()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var tip = Texts(shell.Run(Complete + ".ToolTip", ("line", "Get-SwarmServiceRevision web -Number ")));
        Assert.Equal(["web (current): Container.Image: redis:3.0.6 -> redis:3.0.7"], tip);
    }

    /// <summary>PowerShell completes an enum by itself, and completes no files where none of its values begins so.</summary>
    [Theory]
    [InlineData("Get-SwarmTask -State r", "Ready,Rejected,Remove,Running")]
    [InlineData("Get-SwarmTask -State Failed,Run", "Running")]
    [InlineData("Get-SwarmTask -State zzz", "")]
    public async ValueTask States_complete(string line, string expected)
    {
        await using var shell = await Shell.StartAsync();
        var texts = shell.Run($"@({Complete}) | ForEach-Object CompletionText", ("line", line));
        Assert.Equal(expected.Split(',', StringSplitOptions.RemoveEmptyEntries), Texts(texts));
    }

    private static string[] Texts(Result result) => [.. result.ThrowIfFailed().Output.Select(o => o.ToString())];
}
