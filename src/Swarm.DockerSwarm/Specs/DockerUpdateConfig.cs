using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>How an update or rollback proceeds, in Docker's words.</summary>
internal static class DockerUpdateConfig
{
    public static UpdateConfig Read(JsonObject? raw) =>
        raw is null
            ? UpdateConfig.Default
            : new UpdateConfig
            {
                Parallelism = raw.Unsigned("Parallelism") ?? 0,
                Delay = raw.Duration("Delay") ?? TimeSpan.Zero,
                Monitor = raw.Duration("Monitor") ?? UpdateConfig.Default.Monitor,
                FailureAction = raw.Text("FailureAction") switch
                {
                    "continue" => FailureAction.Continue,
                    "rollback" => FailureAction.Rollback,
                    _ => FailureAction.Pause,
                },
                MaxFailureRatio = raw.Real("MaxFailureRatio") ?? 0,
                Order = raw.Text("Order") == "start-first" ? UpdateOrder.StartFirst : UpdateOrder.StopFirst,
            };

    /// <param name="name">UpdateConfig or RollbackConfig.</param>
    public static void Change(JsonObject spec, string name, UpdateConfig before, UpdateConfig after)
    {
        if (before == after)
        {
            return;
        }
        // An absent object means other defaults than a present one, so a new object is written in full.
        var whole = spec[name] is null;
        var raw = spec.Child(name);
        Set(whole || before.Parallelism != after.Parallelism, "Parallelism", after.Parallelism);
        Set(whole || before.Delay != after.Delay, "Delay", Json.Nanoseconds(after.Delay));
        // Docker takes 0 as "not said" and watches for 5 s; the shortest time that it can be told is meant.
        Set(
            whole || before.Monitor != after.Monitor,
            "Monitor",
            after.Monitor > TimeSpan.Zero ? Json.Nanoseconds(after.Monitor) : JsonValue.Create(1)
        );
        Set(
            whole || before.FailureAction != after.FailureAction,
            "FailureAction",
            after.FailureAction switch
            {
                FailureAction.Continue => "continue",
                FailureAction.Rollback => "rollback",
                _ => "pause",
            }
        );
        Set(whole || !before.MaxFailureRatio.Equals(after.MaxFailureRatio), "MaxFailureRatio", after.MaxFailureRatio);
        Set(whole || before.Order != after.Order, "Order", after.Order == UpdateOrder.StartFirst ? "start-first" : "stop-first");

        void Set(bool changed, string property, JsonNode value)
        {
            if (changed)
            {
                raw[property] = value;
            }
        }
    }
}
