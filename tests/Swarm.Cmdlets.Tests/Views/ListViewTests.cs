using System.Reflection;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Views;

/// <summary>Every property of every output type shows in its list view, and so do the properties of the objects in it.</summary>
public sealed class ListViewTests
{
    /// <summary>Properties that a list leaves out, with the reason.</summary>
    private static readonly Dictionary<string, string> NotShown = new()
    {
        ["Node.Version"] = "for optimistic concurrency, not for people",
        ["Service.Version"] = "for optimistic concurrency, not for people",
        ["Cluster.Version"] = "for optimistic concurrency, not for people",
        ["Service.ForceUpdate"] = "a counter without a meaning of its own",
        ["Service.Mounts.Type"] = "a path is a bind, a name is a volume",
        ["InitializeResult.WorkerToken"] = "in the command",
        ["InitializeResult.ManagerToken"] = "in the command",
        ["SandboxNode.ProcessIdentity"] = "tells a process from a later one with its id",
    };

    public static TheoryData<string> Types => [.. ViewFile.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public async ValueTask Every_property_shows_in_the_list(string name)
    {
        await using var shell = await Shell.StartAsync(daemon: false);
        var type = ViewFile.TypeOf(name);
        var shown = Render(shell, Samples.Make(type));
        var silent = new List<string>();
        foreach (var path in Paths(type))
        {
            var changed = Samples.Make(type);
            Change(changed, path);
            if (Render(shell, changed) == shown)
            {
                silent.Add($"{name}.{string.Join('.', path.Select(p => p.Name))}");
            }
        }
        Assert.Equal(
            NotShown.Keys.Where(k => k.StartsWith(name + ".", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            silent.Order(StringComparer.Ordinal)
        );
    }

    /// <summary>The properties, and those of the objects in them: these are shown with their owner.</summary>
    private static IEnumerable<PropertyInfo[]> Paths(Type type)
    {
        // Ports shows what Publish asks for, with the ports that the swarm has chosen.
        foreach (var property in type.GetProperties().Where(p => p.CanWrite && p.Name != nameof(Service.Publish)))
        {
            yield return [property];
            var inner = property.PropertyType.IsArray ? property.PropertyType.GetElementType()! : property.PropertyType;
            if (inner.Assembly == typeof(Swarm.Node).Assembly && inner.IsClass && inner != typeof(SandboxNode))
            {
                foreach (var path in Paths(inner))
                {
                    yield return [property, .. path];
                }
            }
        }
    }

    private static void Change(object owner, PropertyInfo[] path)
    {
        foreach (var property in path[..^1])
        {
            var value = property.GetValue(owner)!;
            owner = value is Array all ? all.GetValue(0)! : value;
        }
        var last = path[^1];
        // Not the default: an item that is always there would show it either way.
        last.SetValue(owner, Samples.Other(Nullable.GetUnderlyingType(last.PropertyType) ?? last.PropertyType, last.GetValue(owner)));
    }

    private static string Render(Shell shell, object value) =>
        shell.Run("$value | Format-List | Out-String -Width 9999", ("value", value)).One<string>();
}
