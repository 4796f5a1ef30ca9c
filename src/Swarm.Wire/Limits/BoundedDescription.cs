using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Wire.Limits;

/// <summary>Limits a node's description of itself: an engine may have any number of labels and plugins. Agent and manager use the same limits.</summary>
public static class BoundedDescription
{
    private const int Entries = 256;
    private const int MaxWarnings = 16;

    /// <summary>A description whose texts and lists have limited lengths.</summary>
    public static NodeDescription Of(NodeDescription description) =>
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
            Warnings = description.Warnings.Take(MaxWarnings).Select(w => BoundedText.Cut(w, 1024)).ToValueList(),
            Resources = new ResourceAmount(Math.Max(0, description.Resources.NanoCpus), Math.Max(0, description.Resources.MemoryBytes)),
        };
}
