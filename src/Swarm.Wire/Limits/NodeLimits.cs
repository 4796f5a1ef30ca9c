using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Wire.Limits;

/// <summary>Limits the lengths of what a node says of itself, on its way into the state.</summary>
public static class NodeLimits
{
    /// <summary>Labels, or plugins, of one node that are kept.</summary>
    public const int Entries = 256;

    /// <summary>The description with texts of limited lengths, and no negative resources.</summary>
    public static NodeDescription Bounded(NodeDescription description) =>
        description with
        {
            Hostname = BoundedText.Cut(description.Hostname, NodeNames.Longest),
            Os = BoundedText.Cut(description.Os, 64),
            Architecture = BoundedText.Cut(description.Architecture, 64),
            EngineVersion = BoundedText.Cut(description.EngineVersion, 128),
            EngineLabels = ValueMap.From(
                description
                    .EngineLabels.Take(Entries)
                    .Select(l => KeyValuePair.Create(BoundedText.Cut(l.Key, 256), BoundedText.Cut(l.Value, 1024)))
            ),
            Plugins = description.Plugins.Take(Entries).Select(p => BoundedText.Cut(p, 256)).ToValueList(),
            Executor = BoundedText.Cut(description.Executor, 64),
            SwarmdVersion = BoundedText.Cut(description.SwarmdVersion, 64),
            Resources = new ResourceAmount(Math.Max(0, description.Resources.NanoCpus), Math.Max(0, description.Resources.MemoryBytes)),
        };
}
