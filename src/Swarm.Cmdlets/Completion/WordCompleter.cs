using System.Collections;

namespace Swarm.Cmdlets.Completion;

/// <summary>For values that nobody but the user knows: leaves the word as it is. Without a completer PowerShell completes the names of files.</summary>
public sealed class WordCompleter : NameCompleter
{
    private protected override IEnumerable<Candidate> Names(string parameter, IDictionary bound) => [];
}
