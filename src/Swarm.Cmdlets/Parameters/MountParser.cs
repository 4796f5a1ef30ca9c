using System.Collections;
using System.Globalization;

namespace Swarm.Cmdlets.Parameters;

/// <summary>Reads a mount in each of the forms that Docker's users write.</summary>
internal static class MountParser
{
    public static CommaSyntax Syntax { get; } =
        new(
            "mount",
            ["readonly", "ro"],
            ["volume-label"],
            pieces =>
                (pieces.ContainsKey("target") || pieces.ContainsKey("dst") || pieces.ContainsKey("destination"))
                && (
                    !string.Equals(pieces.GetValueOrDefault("type"), "bind", StringComparison.OrdinalIgnoreCase)
                    || pieces.ContainsKey("source")
                    || pieces.ContainsKey("src")
                )
        );

    /// <exception cref="FormatException">Names the mount and the mistake.</exception>
    public static Mount Parse(object? value)
    {
        var mount = value switch
        {
            Mount own => own,
            PropertyBag bag when bag.IsOf("Mount") => FromCopy(bag),
            PropertyBag bag => FromPairs(bag.ToString(), bag.Texts.Select(p => (p.Key, (string?)p.Value))),
            IDictionary map => FromPairs(Describe(map), map.Keys.Cast<object>().Select(k => (Text(k), (string?)Text(map[k])))),
            string text when text.Contains('=', StringComparison.Ordinal) => FromPairs(
                text,
                text.Split(',').Select(p => p.Split('=', 2)).Select(p => (p[0].Trim(), p.Length == 2 ? p[1] : null))
            ),
            string text => FromShort(text),
            _ => throw new FormatException($"'{value}' is not a mount. Write type=bind,source=/a,target=/b,readonly or /a:/b:ro."),
        };
        if (mount.Target.Length == 0)
        {
            throw new FormatException($"The mount '{value}' names no target.");
        }
        return mount.Type == MountType.Bind && mount.Source.Length == 0
            ? throw new FormatException($"The bind mount to '{mount.Target}' names no source.")
            : mount;
    }

    // An object of Import-Clixml or a remote session. Its mode is a number.
    private static Mount FromCopy(PropertyBag bag)
    {
        var mount = FromPairs(
            bag.ToString(),
            bag.Texts.Where(p => p.Key is "Type" or "Source" or "Target" or "ReadOnly" or "TmpfsSize" or "VolumeDriver")
                .Select(p => (p.Key, (string?)p.Value))
        );
        mount.TmpfsMode = LanguagePrimitives.ConvertTo<int>(bag["TmpfsMode"] ?? 0);
        foreach (DictionaryEntry label in TransformAttribute.Unwrap(bag["VolumeLabels"]) as IDictionary ?? new Hashtable())
        {
            mount.VolumeLabels[Text(label.Key)] = Text(label.Value);
        }
        return mount;
    }

    private static Mount FromShort(string text)
    {
        // A drive letter's colon is not a separator.
        var skip = text.Length > 1 && char.IsAsciiLetter(text[0]) && text[1] == ':' && text[2..].StartsWith('\\') ? 2 : 0;
        var parts = text[skip..].Split(':');
        parts[0] = text[..skip] + parts[0];
        if (parts.Length is < 2 or > 3 || parts[0].Length == 0 || (parts.Length == 3 && parts[2] is not ("ro" or "rw")))
        {
            throw new FormatException($"'{text}' is not a mount. Write /a:/b, /a:/b:ro, volume:/b or type=bind,source=/a,target=/b.");
        }
        return new Mount
        {
            Type = parts[0].StartsWith('/') || skip > 0 ? MountType.Bind : MountType.Volume,
            Source = parts[0],
            Target = parts[1],
            ReadOnly = parts is [_, _, "ro"],
        };
    }

    private static Mount FromPairs(string text, IEnumerable<(string Key, string? Value)> pairs)
    {
        // Docker's default type of --mount.
        var mount = new Mount { Type = MountType.Volume };
        foreach (var (key, value) in pairs)
        {
            switch (key.ToLowerInvariant())
            {
                case "type":
                    mount.Type =
                        value is not null && !int.TryParse(value, out _) && Enum.TryParse<MountType>(value, ignoreCase: true, out var type)
                            ? type
                            : throw new FormatException(
                                $"The mount '{text}' has the unknown type '{value}'. Types are bind, volume and tmpfs."
                            );
                    break;
                case "source" or "src":
                    mount.Source = value ?? "";
                    break;
                case "target" or "dst" or "destination":
                    mount.Target = value ?? "";
                    break;
                case "readonly" or "ro":
                    mount.ReadOnly = value is null || value.ToLowerInvariant() is "true" or "1" or "";
                    break;
                case "tmpfs-size" or "tmpfssize":
                    mount.TmpfsSize = Quantities.ParseSize(value ?? "");
                    break;
                case "tmpfs-mode" or "tmpfsmode":
                    mount.TmpfsMode = Mode(text, value ?? "");
                    break;
                case "volume-driver" or "volumedriver":
                    mount.VolumeDriver = value ?? "";
                    break;
                case "volume-label" or "volumelabel":
                    var label = (value ?? "").Split('=', 2);
                    mount.VolumeLabels[label[0]] = label.Length == 2 ? label[1] : "";
                    break;
                default:
                    throw new FormatException(
                        $"The mount '{text}' has the unknown key '{key}'. Keys are type, source, target, readonly, tmpfs-size, tmpfs-mode, volume-driver and volume-label."
                    );
            }
        }
        return mount;
    }

    private static int Mode(string text, string octal)
    {
        try
        {
            return Convert.ToInt32(octal, 8);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            throw new FormatException($"The mount '{text}' has the mode '{octal}', which is not octal like 1777.");
        }
    }

    private static string Describe(IDictionary map) => string.Join(",", map.Keys.Cast<object>().Select(k => $"{Text(k)}={Text(map[k])}"));

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
