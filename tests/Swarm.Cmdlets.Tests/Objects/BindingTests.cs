using System.Reflection;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Objects;

/// <summary>Every option of a cmdlet that makes or changes something can be bound to a property of an object. A forgotten one fails by its name.</summary>
public sealed class BindingTests
{
    /// <summary>They say how the command works, and are no option of what is made or changed.</summary>
    private static readonly string[] NeverFromObjects =
    [
        "Session",
        "Wait",
        "Timeout",
        "Force",
        "ForceUpdate",
        "PassThru",
        "WhatIf",
        "Confirm",
        "InputObject",
    ];

    /// <summary>Options that no property gives, with the reason.</summary>
    private static readonly Dictionary<string, string> WithoutProperty = new()
    {
        ["Invoke-SwarmScale -Scale"] = "it holds the names and the numbers of all services",
    };

    private static IEnumerable<(string Cmdlet, PropertyInfo Parameter)> All =>
        ConventionTests.Cmdlets.SelectMany(c =>
            c.Value.GetProperties().Where(p => p.IsDefined(typeof(ParameterAttribute))).Select(p => (c.Key, p))
        );

    private static bool TakesOptions(string cmdlet) =>
        cmdlet.StartsWith("New-", StringComparison.Ordinal)
        || cmdlet.StartsWith("Set-", StringComparison.Ordinal)
        || cmdlet is "Invoke-SwarmScale" or "Test-SwarmPlacement";

    [Fact]
    public void Each_option_binds_by_property_name()
    {
        var unbound = All.Where(p =>
                TakesOptions(p.Cmdlet) && !NeverFromObjects.Contains(p.Parameter.Name) && !PipedObject.BindsByName(p.Parameter)
            )
            .Select(p => $"{p.Cmdlet} -{p.Parameter.Name}");
        Assert.Equal(WithoutProperty.Keys, unbound);
    }

    [Fact]
    public void What_says_how_a_command_works_never_binds_by_property_name() =>
        Assert.Empty(
            All.Where(p => NeverFromObjects.Contains(p.Parameter.Name) && PipedObject.BindsByName(p.Parameter))
                .Select(p => $"{p.Cmdlet} -{p.Parameter.Name}")
        );

    [Fact]
    public void Each_cmdlet_with_options_sees_the_object_itself() =>
        Assert.Empty(
            ConventionTests.Cmdlets.Where(c => TakesOptions(c.Key) && !typeof(ITakesObjects).IsAssignableFrom(c.Value)).Select(c => c.Key)
        );

    // The engine passes over a property that it cannot convert, without a word. A transformation refuses it.
    [Fact]
    public void Each_option_that_is_no_text_reads_texts_itself() =>
        Assert.Empty(
            All.Where(p =>
                    typeof(ITakesObjects).IsAssignableFrom(ConventionTests.Cmdlets[p.Cmdlet])
                    && PipedObject.BindsByName(p.Parameter)
                    && p.Parameter.PropertyType != typeof(string)
                    && p.Parameter.PropertyType != typeof(string[])
                    && !p.Parameter.GetCustomAttributes<ArgumentTransformationAttribute>().Any()
                )
                .Select(p => $"{p.Cmdlet} -{p.Parameter.Name}")
        );

    [Fact]
    public async ValueTask Properties_of_those_names_do_nothing()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run(
                """
                [pscustomobject]@{ Name = 'web'; Image = 'web:1'; Session = 'none'; Wait = $true; Timeout = '1s'; WhatIf = $true; Confirm = $true; InputObject = 1 } |
                    New-SwarmService
                [pscustomobject]@{ Name = 'web'; Replicas = 2; PassThru = $true; ForceUpdate = $true; Force = $true; Wait = 'true'; Timeout = 1 } |
                    Set-SwarmService | ForEach-Object { throw "output: $_" }
                """
            )
            .ThrowIfFailed();
        Assert.Equal(0, shell.Fake.Count<V1.WaitServicesRequest>());
        var spec = Assert.Single(shell.Fake.Services).Spec;
        Assert.Equal((2ul, 0ul), (spec.Replicated.Replicas, spec.ForceUpdate));
    }
}
