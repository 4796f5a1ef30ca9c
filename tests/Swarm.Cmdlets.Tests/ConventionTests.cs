using System.Reflection;
using System.Text.RegularExpressions;
using Swarm.Cmdlets.Commands;

namespace Swarm.Cmdlets.Tests;

public sealed class ConventionTests
{
    private static readonly string[] WithoutSession =
    [
        "Connect-Swarm",
        "Get-SwarmSession",
        "Start-SwarmSandbox",
        "Get-SwarmSandbox",
        "Stop-SwarmSandbox",
        "Install-SwarmEngine",
        "Uninstall-SwarmEngine",
        "Install-SwarmDaemon",
        "Uninstall-SwarmDaemon",
    ];

    internal static IReadOnlyDictionary<string, Type> Cmdlets { get; } =
        typeof(GetSwarmNodeCommand)
            .Assembly.GetTypes()
            .Where(t => t.GetCustomAttribute<CmdletAttribute>() is not null)
            .ToDictionary(t => t.GetCustomAttribute<CmdletAttribute>()!.VerbName + "-" + t.GetCustomAttribute<CmdletAttribute>()!.NounName);

    internal static string[] ParametersOf(Type cmdlet) =>
        [.. cmdlet.GetProperties().Where(p => p.GetCustomAttributes<ParameterAttribute>().Any(a => !a.DontShow)).Select(p => p.Name)];

    public static TheoryData<string> Names => [.. Cmdlets.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Cmdlet_follows_the_conventions(string name)
    {
        var type = Cmdlets[name];
        var cmdlet = type.GetCustomAttribute<CmdletAttribute>()!;
        var parameters = ParametersOf(type);
        Assert.StartsWith("Swarm", cmdlet.NounName, StringComparison.Ordinal);
        Assert.Equal(!WithoutSession.Contains(name), parameters.Contains("Session"));
        Assert.Equal(
            cmdlet.VerbName is "Remove" or "Reset" or "Revoke" or "Exit" or "Uninstall",
            cmdlet.ConfirmImpact == ConfirmImpact.High
        );
        if (cmdlet.ConfirmImpact == ConfirmImpact.High)
        {
            Assert.Contains("Force", parameters);
        }
        if (
            cmdlet.VerbName is "Set" or "Remove" or "Reset" or "Revoke" or "Stop" or "Undo" or "Restart" or "Invoke"
            && name != "Stop-SwarmSandbox"
        )
        {
            Assert.Contains("PassThru", parameters);
        }
        var reads = cmdlet.VerbName is "Get" or "Test" or "Wait" or "Watch" or "Connect" or "Disconnect";
        Assert.Equal(!reads, cmdlet.SupportsShouldProcess);
        if (cmdlet.VerbName is "Get" or "New" or "Test" || parameters.Contains("PassThru"))
        {
            Assert.NotEmpty(type.GetCustomAttributes<OutputTypeAttribute>());
        }
        if (parameters.Contains("Wait"))
        {
            Assert.Contains("Timeout", parameters);
        }
    }

    [Theory]
    [InlineData("Get-SwarmNode")]
    [InlineData("Get-SwarmService")]
    [InlineData("Get-SwarmServiceRevision")]
    [InlineData("Get-SwarmTask")]
    [InlineData("Get-SwarmSandbox")]
    public void Get_takes_names_at_position_0_with_wildcards_and_from_the_pipeline(string name)
    {
        var property = Cmdlets[name].GetProperty("Name")!;
        var parameter = property.GetCustomAttribute<ParameterAttribute>()!;
        Assert.Equal(0, parameter.Position);
        Assert.True(parameter.ValueFromPipelineByPropertyName);
        Assert.NotNull(property.GetCustomAttribute<SupportsWildcardsAttribute>());
        Assert.Contains(
            Cmdlets[name].GetProperties().SelectMany(p => p.GetCustomAttributes<ParameterAttribute>()),
            p => p.ValueFromPipeline
        );
    }

    [Fact]
    public void Manifest_exports_every_cmdlet_and_nothing_else()
    {
        var manifest = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "Swarm.psd1"));
        var list = Regex.Match(manifest, @"CmdletsToExport\s*=\s*@\(([^)]*)\)").Groups[1].Value;
        var exported = Regex.Matches(list, "'([^']+)'").Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(Cmdlets.Keys.Order(StringComparer.Ordinal), exported);
    }

    [Fact]
    public void No_type_of_a_dependency_leaks_into_what_scripts_name()
    {
        var shared = typeof(Service).Assembly;
        Assert.DoesNotContain(
            shared.GetReferencedAssemblies(),
            a => a.Name is "Google.Protobuf" || a.Name!.StartsWith("Grpc", StringComparison.Ordinal)
        );
        foreach (
            var property in Cmdlets.Values.SelectMany(t => t.GetProperties()).Where(p => p.GetCustomAttributes<ParameterAttribute>().Any())
        )
        {
            Assert.DoesNotContain("Protobuf", property.PropertyType.FullName!, StringComparison.Ordinal);
        }
    }
}
