using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>The image is made for the node's operating system and architecture.</summary>
/// <remarks>Source: moby/swarmkit manager/scheduler/filter.go (PlatformFilter). Engines name architectures as uname(1) does, images as Go does. Variants
/// (<c>v7</c>) are not compared: engines do not report theirs.</remarks>
internal sealed class PlatformFilter(ValueList<string> platforms) : NodeFilter
{
    private readonly (string Os, string Architecture)[] _platforms = [.. platforms.Select(Parse)];

    public override string Name => "platform";

    public override bool Accepts(NodeInfo node)
    {
        var description = node.Node!.Description;
        var architecture = Normalize(description.Architecture);
        foreach (var platform in _platforms)
        {
            if (
                (platform.Os.Length == 0 || platform.Os.Equals(description.Os, StringComparison.OrdinalIgnoreCase))
                && (platform.Architecture.Length == 0 || platform.Architecture == architecture)
            )
            {
                return true;
            }
        }
        return false;
    }

    public override string Summarize(NodeInfo node)
    {
        var description = node.Node!.Description;
        return $"the image is not made for {description.Os}/{Normalize(description.Architecture)}";
    }

    private static (string Os, string Architecture) Parse(string platform)
    {
        var slash = platform.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (platform, "") : (platform[..slash], Normalize(platform[(slash + 1)..]));
    }

    private static string Normalize(string architecture)
    {
        var lower = architecture.ToLowerInvariant();
        return lower switch
        {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "i386" or "i686" => "386",
            _ when lower.StartsWith("armv", StringComparison.Ordinal) => "arm",
            _ => lower,
        };
    }
}
