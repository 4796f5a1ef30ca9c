namespace Swarm.Host.Systems;

/// <summary>The distribution of the host: os-release(5).</summary>
/// <param name="Id">debian, ubuntu, fedora, rocky, opensuse-leap, …</param>
/// <param name="Like">Distributions that it derives from.</param>
/// <param name="VersionId">"12", "9.4"; empty for a rolling release.</param>
/// <param name="Codename">"bookworm"; Debian's family only.</param>
/// <param name="PrettyName">For a person.</param>
internal sealed record OsRelease(string Id, IReadOnlyList<string> Like, string VersionId, string Codename, string PrettyName)
{
    public static OsRelease Read(IHostSystem system)
    {
        var text = system.Read("/etc/os-release") ?? system.Read("/usr/lib/os-release") ?? "";
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                values[line[..equals].Trim()] = line[(equals + 1)..].Trim().Trim('"', '\'');
            }
        }
        string Value(string key) => values.GetValueOrDefault(key, "");
        var id = Value("ID");
        return new OsRelease(
            id,
            Value("ID_LIKE").Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Value("VERSION_ID"),
            Value("VERSION_CODENAME"),
            Value("PRETTY_NAME") is { Length: > 0 } pretty ? pretty
                : id.Length > 0 ? id
                : "an unknown system"
        );
    }

    public bool Is(string family) => Id == family || Like.Contains(family);
}
