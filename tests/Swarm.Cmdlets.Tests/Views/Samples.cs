using System.Collections;

namespace Swarm.Cmdlets.Tests.Views;

/// <summary>Objects of the module with long values, as a cluster has them that is not a toy.</summary>
internal static class Samples
{
    /// <summary>In the middle of a time that is called 4 days: it stays 4 days while the tests run.</summary>
    public static readonly DateTime Time = DateTime.UtcNow.AddHours(-108);

    public const string Id = "k3xq0bd4ujz8w1nf5rhy7tc2m";

    /// <summary>40 characters.</summary>
    public const string Host = "ip-10-200-112-134.eu-central-1.internals";

    public const string Token = "SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx";
    public const string Address = "192.168.100.200:2377";

    /// <summary>200 characters.</summary>
    public const string Sentence =
        "starting container failed: failed to create endpoint frontend on network ingress: node ip-10-200-112-134 has no free "
        + "address in 10.255.0.0/16 after 165533 tasks; remove services, or make a larger one.";

    public static object Make(Type type)
    {
        var made = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties().Where(p => p.CanWrite))
        {
            property.SetValue(made, Value(type, property.Name, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType));
        }
        return made;
    }

    /// <summary>A value that is not the given one.</summary>
    public static object? Other(Type type, object? value) =>
        value switch
        {
            string => "other",
            long number => (number * 3) + 1,
            int number => (number * 3) + 1,
            double number => number + 1,
            bool flag => !flag,
            System.Enum word => System.Enum.GetValues(type).Cast<object>().First(v => !v.Equals(word)),
            TimeSpan span => span + TimeSpan.FromDays(9),
            DateTime time => time.AddYears(-3),
            Array => Array.CreateInstance(type.GetElementType()!, 0),
            Dictionary<string, string> => new Dictionary<string, string>(),
            UpdateConfig => new UpdateConfig(),
            _ => null,
        };

    private static object Value(Type owner, string property, Type type) =>
        type switch
        {
            _ when type == typeof(string) => Text(owner, property),
            _ when type == typeof(string[]) => new[] { Text(owner, property), Text(owner, property) + "2" },
            _ when type.IsArray => Arrays(type.GetElementType()!),
            _ when typeof(IDictionary).IsAssignableFrom(type) => new Dictionary<string, string> { ["zone"] = "b", ["rack"] = "7" },
            _ when type == typeof(TaskState) => TaskState.Running,
            _ when type == typeof(NodeState) => NodeState.Down,
            _ when type == typeof(MountType) => MountType.Volume,
            { IsEnum: true } => System.Enum.GetValues(type).Cast<object>().Last(),
            _ when type == typeof(bool) => true,
            _ when type == typeof(DateTime) => Time,
            _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(90),
            { IsPrimitive: true } => Convert.ChangeType(5, type, System.Globalization.CultureInfo.InvariantCulture),
            _ => Make(type),
        };

    private static Array Arrays(Type element)
    {
        var array = Array.CreateInstance(element, 1);
        array.SetValue(Make(element), 0);
        return array;
    }

    private static string Text(Type owner, string property) =>
        property switch
        {
            "Id" or "NodeId" or "ClusterId" or "ServiceId" or "TaskId" => Id,
            "Node" or "Hostname" => Host,
            "Name" when owner == typeof(Swarm.Node) => Host,
            // Of a global service.
            "Task" => "frontend." + Id,
            "Name" when owner == typeof(Swarm.Task) || owner == typeof(SwarmEvent) => "frontend." + Id,
            "Name" or "ServiceName" or "Sandbox" => "frontend-of-the-shop",
            "Image" or "PreviousImage" => "registry.example.com/shop/frontend:1.27.3@sha256:" + new string('e', 64),
            "Error" or "Detail" or "Message" or "StateMessage" or "Remedy" => Sentence,
            "Token" or "WorkerToken" or "ManagerToken" => Token,
            "JoinCommand" or "WorkerJoinCommand" or "ManagerJoinCommand" => $"Join-Swarm -Token {Token} -RemoteAddress {Address}",
            "Key" or "UnlockKey" => "SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8",
            "SerialNumber" or "Thumbprint" => "6F0C4D1B9A3E57820FD1C6B4E8A90735",
            "ManagerAddress" or "ManagerAddresses" or "NodeAddress" or "Address" => Address,
            "Socket" or "Path" or "StateDirectory" or "LogPath" or "CertificatePath" or "Folder" or "Unit" =>
                "/home/administrator/.local/share/swarm/sandboxes/shop/manager1",
            "Port" => "7946/tcp",
            "Version" or "EngineVersion" or "DaemonVersion" => "29.0.1",
            "Action" => "create",
            _ => property.ToLowerInvariant(),
        };
}
