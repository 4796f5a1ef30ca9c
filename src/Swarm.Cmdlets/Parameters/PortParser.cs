using System.Collections;
using System.Globalization;

namespace Swarm.Cmdlets.Parameters;

/// <summary>Reads a published port in each of the forms that Docker's users write.</summary>
internal static class PortParser
{
    private const string Forms = "Write 8080:80/tcp, 80, published=8080,target=80,protocol=tcp,mode=host, or a hashtable with these keys.";

    public static CommaSyntax Syntax { get; } = new("port", [], [], pieces => pieces.ContainsKey("target"));

    /// <exception cref="FormatException">Names the port and the mistake.</exception>
    public static PublishedPort Parse(object? value)
    {
        var port = value switch
        {
            PublishedPort own => own,
            PropertyBag bag => FromPairs("@{...}", bag.Texts.Select(p => (p.Key, p.Value))),
            IDictionary map => FromPairs("@{...}", map.Keys.Cast<object>().Select(k => (Text(k), Text(map[k])))),
            string text when text.Contains('=', StringComparison.Ordinal) => FromPairs(
                text,
                text.Split(',').Select(p => p.Split('=', 2)).Select(p => (p[0].Trim(), p.Length == 2 ? p[1].Trim() : ""))
            ),
            string text => FromShort(text),
            int or long or short => FromShort(Text(value)),
            _ => throw new FormatException($"'{value}' is not a port. {Forms}"),
        };
        return port.Target is < 1 or > 65_535 || port.Published is < 0 or > 65_535
            ? throw new FormatException($"'{Text(value)}' is not a port: ports are numbers from 1 to 65535. {Forms}")
            : port;
    }

    private static PublishedPort FromShort(string text)
    {
        var slash = text.Split('/');
        var parts = slash[0].Split(':');
        if (slash.Length > 2 || parts.Length > 3)
        {
            throw new FormatException($"'{text}' is not a port. {Forms}");
        }
        if (parts.Length == 3)
        {
            // Source: docker service create: "hostip is not supported" in swarm mode.
            throw new FormatException($"'{text}' names an address: a swarm publishes a port on all addresses of its nodes. {Forms}");
        }
        return new PublishedPort
        {
            Published = parts.Length == 2 && parts[0].Length > 0 ? Number(text, parts[0]) : 0,
            Target = Number(text, parts[^1]),
            Protocol = slash.Length == 2 ? Word<PortProtocol>(text, slash[1]) : PortProtocol.Tcp,
        };
    }

    private static PublishedPort FromPairs(string text, IEnumerable<(string Key, string Value)> pairs)
    {
        var port = new PublishedPort();
        foreach (var (key, value) in pairs)
        {
            switch (key.ToLowerInvariant())
            {
                case "target":
                    port.Target = Number(text, value);
                    break;
                case "published":
                    port.Published = Number(text, value);
                    break;
                case "protocol":
                    port.Protocol = Word<PortProtocol>(text, value);
                    break;
                case "mode":
                    port.Mode = Word<PublishMode>(text, value);
                    break;
                default:
                    throw new FormatException(
                        $"The port '{text}' has the unknown key '{key}'. Keys are target, published, protocol and mode."
                    );
            }
        }
        return port;
    }

    private static int Number(string text, string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)
            ? parsed
            : throw new FormatException($"'{text}' is not a port: '{number}' is no number. {Forms}");

    private static T Word<T>(string text, string word)
        where T : struct, Enum =>
        !int.TryParse(word, out _) && Enum.TryParse<T>(word, ignoreCase: true, out var parsed)
            ? parsed
            : throw new FormatException(
                $"'{text}' is not a port: '{word}' is none of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}."
            );

    private static string Text(object? value) =>
        Convert.ToString(value is PSObject wrapped ? wrapped.BaseObject : value, CultureInfo.InvariantCulture) ?? "";
}
