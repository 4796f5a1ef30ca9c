using Swarm.Benchmarks;
using Swarm.Benchmarks.Daemons;

// Each verb has a class.
var verbs = new Dictionary<string, Func<string[], int>>(StringComparer.Ordinal)
{
    ["daemon"] = DaemonVerb.Run,
    ["engine"] = EngineVerb.Run,
    ["import"] = ImportVerb.Run,
    ["machine"] = _ =>
    {
        Console.WriteLine(Machine.Describe());
        return 0;
    },
    ["scale"] = ScaleVerb.Run,
    ["scheduler"] = SchedulerVerb.Run,
};

if (args.Length == 0 || !verbs.TryGetValue(args[0], out var verb))
{
    Console.Error.WriteLine($"Usage: Swarm.Benchmarks <{string.Join('|', verbs.Keys)}> [options]");
    return 2;
}
return verb(args[1..]);
