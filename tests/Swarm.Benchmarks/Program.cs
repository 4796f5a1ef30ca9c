using Swarm.Benchmarks;

// One class a verb.
var verbs = new Dictionary<string, Func<string[], int>>(StringComparer.Ordinal)
{
    ["scheduler"] = SchedulerVerb.Run,
    ["daemon"] = DaemonVerb.Run,
};

if (args.Length == 0 || !verbs.TryGetValue(args[0], out var verb))
{
    Console.Error.WriteLine($"Usage: Swarm.Benchmarks <{string.Join('|', verbs.Keys)}> [options]");
    return 2;
}
return verb(args[1..]);
