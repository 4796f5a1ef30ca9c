using System.Reflection;
using System.Runtime.CompilerServices;
using ArchUnitNET.Fluent.Slices;
using ArchUnitNET.Loader;

namespace Swarm.Architecture.Tests;

public class WallsTests
{
    public static TheoryData<string> Assemblies => [.. Walls.All.Select(w => w.Key)];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void An_assembly_knows_only_what_its_wall_lets_through(string name)
    {
        var allowed = Walls.All.Single(w => w.Key == name).Value;

        var known = Walls.Load(name).GetReferencedAssemblies().Select(a => a.Name!).Where(Walls.IsOurs);

        Assert.Empty(known.Except(allowed));
    }

    /// <summary>A new project without a row in the table would have no wall.</summary>
    [Fact]
    public void Every_project_has_its_wall()
    {
        var projects = Directory
            .EnumerateFiles(Path.Combine(RepositoryFolder.Path, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(f => Path.GetFileNameWithoutExtension(f))
            .Select(n => n == "Swarm.Daemon" ? "swarmd" : n);

        Assert.Equal(Walls.All.Select(w => w.Key).Order(), projects.Order());
    }

    /// <summary>The permissions of the table alone cannot close a circle.</summary>
    [Fact]
    public void The_table_has_no_cycle()
    {
        var table = Walls.All.ToDictionary(w => w.Key, w => w.Value);
        var left = new HashSet<string>(table.Keys);
        while (left.FirstOrDefault(n => !table[n].Any(left.Contains)) is { } free)
        {
            left.Remove(free);
        }

        Assert.Empty(left);
    }

    /// <summary>Friends would look over a wall; only tests may.</summary>
    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Only_tests_see_the_internals_of_an_assembly(string name)
    {
        var friends = Walls.Load(name).GetCustomAttributes<InternalsVisibleToAttribute>().Select(a => a.AssemblyName.Split(',')[0]);

        Assert.All(friends, f => Assert.EndsWith(".Tests", f, StringComparison.Ordinal));
    }

    [Fact]
    public void No_namespaces_form_a_cycle()
    {
        var architecture = new ArchLoader().LoadAssemblies([.. Walls.All.Select(w => Walls.Load(w.Key))]).Build();
        var slices = SliceRuleDefinition.Slices().Matching("Swarm.(**)").GetObjects(architecture).ToList();

        var failures = SliceRuleDefinition
            .Slices()
            .Matching("Swarm.(**)")
            .Should()
            .BeFreeOfCycles()
            .Evaluate(architecture)
            .Where(r => !r.Passed)
            .Select(r => r.Description);

        Assert.Equal(Namespaces().Count, slices.Count);
        Assert.Empty(failures);
    }

    /// <summary>A name says one thing in all of swarmd. The generated types of the protocol are apart.</summary>
    [Fact]
    public void No_type_name_stands_twice_in_swarmd()
    {
        var twice = Walls
            .Daemon.Keys.Where(n => n != "Swarm.Protocol")
            .SelectMany(n => Walls.Load(n).GetTypes())
            .Where(t => !t.IsNested && t.Namespace?.StartsWith("Swarm.", StringComparison.Ordinal) == true && !IsGenerated(t))
            .GroupBy(t => t.Name)
            .Where(g => g.Count() > 1)
            .Select(g => string.Join(", ", g.Select(t => t.FullName)));

        Assert.Empty(twice);
    }

    private static List<string> Namespaces() =>
        [
            .. Walls
                .All.SelectMany(w => Walls.Load(w.Key).GetTypes())
                .Select(t => t.Namespace)
                .Where(n => n?.StartsWith("Swarm.", StringComparison.Ordinal) == true)
                .Distinct()
                .Select(static n => n!),
        ];

    private static bool IsGenerated(MemberInfo type) => type.GetCustomAttribute<CompilerGeneratedAttribute>() is not null;
}
