using System.Xml.Linq;
using Google.Protobuf.WellKnownTypes;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Options;

/// <summary>Every property of a service shows in its list view.</summary>
public sealed class ListViewTests
{
    /// <summary>Properties that the list leaves out, with the reason. As docker service inspect --pretty does.</summary>
    private static readonly Dictionary<string, string> NotShown = new()
    {
        [nameof(Service.Publish)] = "Ports shows them with the ports that the swarm has chosen",
        [nameof(Service.RestartWindow)] = "the restart line is kept short",
        [nameof(Service.ForceUpdate)] = "a counter without a meaning of its own",
        [nameof(Service.Version)] = "for optimistic concurrency, not for people",
    };

    [Fact]
    public async ValueTask Every_property_shows_in_the_list()
    {
        await using var shell = await Shell.StartAsync();
        var full = Make();
        var shown = Render(shell, full);
        var silent = new List<string>();
        foreach (var property in typeof(Service).GetProperties().Where(p => p.CanWrite))
        {
            var changed = Make();
            // Not the default: an item that is always there would show it either way.
            property.SetValue(changed, Other(property.PropertyType, property.GetValue(full)));
            if (Render(shell, changed) == shown)
            {
                silent.Add(property.Name);
            }
        }
        Assert.Equal(NotShown.Keys.Order(StringComparer.Ordinal), silent.Order(StringComparer.Ordinal));
    }

    private static Service Make()
    {
        var time = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddDays(9));
        return OutputMapper.ToService(
            new V1.Service
            {
                Id = "id",
                Version = 3,
                Revision = 2,
                RunningTasks = 5,
                CreatedAt = time,
                UpdatedAt = time,
                Spec = SpecFields.Full(),
                PreviousSpec = SpecFields.Full(),
                UpdateStatus = new V1.UpdateStatus { State = V1.UpdateState.Updating, StartedAt = time },
            }
        );
    }

    private static object? Other(System.Type type, object? value) =>
        value switch
        {
            string => "other",
            long number => (number * 3) + 1,
            double number => number + 1,
            bool flag => !flag,
            System.Enum word => System.Enum.GetValues(type).Cast<object>().First(v => !v.Equals(word)),
            TimeSpan span => span + TimeSpan.FromSeconds(1),
            DateTime time => time.AddYears(-3),
            Array => Array.CreateInstance(type.GetElementType()!, 0),
            Dictionary<string, string> => new Dictionary<string, string>(),
            UpdateConfig => new UpdateConfig(),
            _ => null,
        };

    /// <summary>The items of the format file, evaluated as the formatter does.</summary>
    private static string Render(Shell shell, Service service)
    {
        var items = XDocument
            .Load(Path.Combine(ModuleLayout.Folder, "Swarm.Format.ps1xml"))
            .Descendants("View")
            .Where(v => v.Descendants("TypeName").Any(t => t.Value == "Swarm.Service"))
            .Descendants("ListItem")
            .ToList();
        Assert.NotEmpty(items);
        var script = string.Join(
            "\n",
            items.Select(item =>
            {
                var condition = item.Element("ItemSelectionCondition")?.Element("ScriptBlock")?.Value ?? "$true";
                var value = item.Element("ScriptBlock")?.Value ?? $"$_.{item.Element("PropertyName")!.Value}";
                return $"$service | ForEach-Object {{ if ({condition}) {{ '{item.Element("Label")!.Value}: ' + $({value.Replace("\n", ";", StringComparison.Ordinal)}) }} }}";
            })
        );
        return string.Join("\n", shell.Run(script, ("service", service)).ThrowIfFailed().Output);
    }
}
