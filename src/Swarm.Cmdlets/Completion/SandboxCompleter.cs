using System.Collections;
using Swarm.Cmdlets.Sandboxes;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes this user's sandboxes from their files, so that none has to run.</summary>
public sealed class SandboxCompleter : NameCompleter
{
    private protected override IEnumerable<Candidate> Names(string parameter, IDictionary bound) =>
        SandboxStore.All().Select(s => new Candidate(s.Name, $"{s.Nodes.Count(n => n.Running)}/{s.Nodes.Length} nodes, {s.Executor}"));
}
