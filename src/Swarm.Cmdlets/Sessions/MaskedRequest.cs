using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Swarm.Cmdlets.Sessions;

/// <summary>A request as -Debug shows it: JSON of the fields that are set. A field that the protocol marks with <c>debug_redact</c> has no value: secrets,
/// tokens, keys, credentials and environment values. This is the only place that writes a request.</summary>
internal static class MaskedRequest
{
    public const string Mask = "***";

    /// <summary>Characters; a spec may have half a million.</summary>
    private const int Longest = 20_000;

    public static string Text(IMessage request)
    {
        var text = new StringBuilder();
        Write(text, request);
        return text.Length <= Longest
            ? text.ToString()
            : string.Create(CultureInfo.InvariantCulture, $"{text.ToString(0, Longest)}… ({text.Length - Longest} more characters)");
    }

    /// <summary>Whether the values of the field are never shown.</summary>
    public static bool IsMasked(FieldDescriptor field) => field.GetOptions()?.DebugRedact == true;

    private static void Write(StringBuilder text, IMessage message)
    {
        text.Append('{');
        var first = true;
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (!IsSet(field, message))
            {
                continue;
            }
            text.Append(first ? " " : ", ").Append(Quoted(field.JsonName)).Append(": ");
            first = false;
            Write(text, field, field.Accessor.GetValue(message));
        }
        text.Append(first ? "}" : " }");
    }

    private static bool IsSet(FieldDescriptor field, IMessage message)
    {
        if (field.HasPresence)
        {
            return field.Accessor.HasValue(message);
        }
        return field.Accessor.GetValue(message) switch
        {
            ICollection many => many.Count > 0,
            string text => text.Length > 0,
            ByteString bytes => bytes.Length > 0,
            bool flag => flag,
            IConvertible number => Convert.ToDouble(number, CultureInfo.InvariantCulture) != 0,
            _ => true,
        };
    }

    private static void Write(StringBuilder text, FieldDescriptor field, object? value)
    {
        var masked = IsMasked(field);
        switch (value)
        {
            case IDictionary map:
                var entries = map.Keys.Cast<object>().Select(k => $"{Quoted(k)}: {(masked ? Quoted(Mask) : Scalar(map[k]))}");
                text.Append("{ ").AppendJoin(", ", entries).Append(" }");
                break;
            case IList list:
                text.Append('[');
                for (var i = 0; i < list.Count; i++)
                {
                    text.Append(i > 0 ? ", " : "");
                    Append(text, masked ? MaskedEntry(list[i]) : list[i]);
                }
                text.Append(']');
                break;
            default:
                Append(text, masked ? Mask : value);
                break;
        }
    }

    private static void Append(StringBuilder text, object? value)
    {
        if (value is not IMessage message)
        {
            text.Append(Scalar(value));
        }
        else if (message.Descriptor.File.Package == "google.protobuf")
        {
            // Durations and times have a form of their own.
            text.Append(JsonFormatter.ToDiagnosticString(message));
        }
        else
        {
            Write(text, message);
        }
    }

    /// <summary>Of NAME=value the name stays: it says which variable is set.</summary>
    private static string MaskedEntry(object? entry) =>
        entry is string pair && pair.IndexOf('=') is > 0 and var at ? pair[..at] + "=" + Mask : Mask;

    private static string Scalar(object? value) =>
        value switch
        {
            bool flag => flag ? "true" : "false",
            Enum word => Quoted(word),
            ByteString bytes => Quoted($"{bytes.Length} bytes"),
            string or null => Quoted(value),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => Quoted(value),
        };

    private static string Quoted(object? value) =>
        $"\"{JsonEncodedText.Encode($"{value}", System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
