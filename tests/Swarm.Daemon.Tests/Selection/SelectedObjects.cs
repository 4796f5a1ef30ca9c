namespace Swarm.Daemon.Tests.Selection;

/// <summary>Objects whose names are ids, or beginnings of ids, of others of their kind.</summary>
/// <param name="NodeId">The node of the task.</param>
/// <param name="NodeName">Its host name.</param>
/// <param name="ServiceId">The service of the task.</param>
/// <param name="ServiceName">The task is called this, with <c>.1</c>.</param>
/// <param name="TaskId">The service's only task.</param>
/// <param name="NetworkId">A network of the swarm.</param>
/// <param name="NetworkName">Its name.</param>
internal sealed record SelectedObjects(
    string NodeId,
    string NodeName,
    string ServiceId,
    string ServiceName,
    string TaskId,
    string NetworkId,
    string NetworkName
)
{
    public static readonly SelectedObjects[] All =
    [
        new("none11", "nfirst", "sone11", "sfirst", "sone.1x", "wone11", "wfirst"),
        new("othern", "none", "others", "sone", "tothers", "otherw", "wone"),
        new("ntwo1", "nc", "stwo1", "sc", "ttwo1", "wtwo1", "wc"),
        new("ntwo2", "othern", "stwo2", "others", "sc.1", "wtwo2", "otherw"),
    ];

    /// <summary>Words and the objects that they mean; several: the word is ambiguous.</summary>
    public static (string Selector, int[] Expected)[] Cases(SelectedKind kind) =>
        kind switch
        {
            SelectedKind.Node => [("none", [1]), ("othern", [1]), ("non", [0]), ("ntwo1", [2]), ("ntw", [2, 3])],
            SelectedKind.Service => [("sone", [1]), ("others", [1]), ("son", [0]), ("stwo1", [2]), ("stw", [2, 3])],
            SelectedKind.Network => [("wone", [1]), ("otherw", [1]), ("won", [0]), ("wtwo1", [2]), ("wtw", [2, 3])],
            SelectedKind.Task => [("sone.1", [1]), ("sc.1", [3]), ("tt", [2]), ("sone.1x", [0]), ("t", [1, 2])],
            // A service's name before the beginning of another service's task.
            SelectedKind.TaskOrService => [("sone", [1]), ("others", [1]), ("sc.1", [3]), ("sone.1", [1]), ("tt", [2]), ("t", [1, 2])],
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
}
