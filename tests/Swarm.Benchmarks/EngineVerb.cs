using System.Diagnostics;
using System.Globalization;

namespace Swarm.Benchmarks;

/// <summary><c>engine</c>: the time that an engine's plain API needs to create and start containers like an existing one.</summary>
internal static class EngineVerb
{
    private const string Usage =
        "Usage: Swarm.Benchmarks engine --like CONTAINER --count N --in-flight N [--socket PATH] | engine --ping [--socket PATH]";

    public static int Run(string[] args)
    {
        var (socket, like, count, inFlight) = (EngineClient.DefaultSocket, "", 0, 0);
        if (args is ["--ping", ..] && (args.Length == 1 || args is [_, "--socket", _]))
        {
            using var engine = new EngineClient(args.Length == 1 ? socket : args[2]);
            return engine.AnswersAsync().GetAwaiter().GetResult() ? 0 : 1;
        }
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var read = args[i] switch
            {
                "--socket" => (socket = args[i + 1]).Length > 0,
                "--like" => (like = args[i + 1]).Length > 0,
                "--count" => int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out count),
                "--in-flight" => int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out inFlight),
                _ => false,
            };
            if (!read)
            {
                break;
            }
        }
        if (like.Length == 0 || count < 1 || inFlight < 1)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        Console.WriteLine(MeasureAsync(socket, like, count, inFlight).GetAwaiter().GetResult().ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <returns>Seconds.</returns>
    private static async Task<double> MeasureAsync(string socket, string like, int count, int inFlight)
    {
        using var engine = new EngineClient(socket);
        var template = await engine.TemplateAsync(like);
        try
        {
            var clock = Stopwatch.StartNew();
            await Parallel.ForEachAsync(
                Enumerable.Range(0, count),
                new ParallelOptions { MaxDegreeOfParallelism = inFlight },
                async (_, _) => await engine.RunAsync(template)
            );
            return clock.Elapsed.TotalSeconds;
        }
        finally
        {
            await engine.RemoveAllAsync(inFlight: 8);
        }
    }
}
