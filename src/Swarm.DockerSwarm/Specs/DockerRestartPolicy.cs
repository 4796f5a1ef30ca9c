using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>A restart policy in Docker's words.</summary>
internal static class DockerRestartPolicy
{
    public static RestartPolicy Read(JsonObject? raw) =>
        raw is null
            ? RestartPolicy.Default
            : new RestartPolicy
            {
                Condition = raw.Text("Condition") switch
                {
                    "none" => RestartCondition.None,
                    "on-failure" => RestartCondition.OnFailure,
                    _ => RestartCondition.Any,
                },
                Delay = raw.Duration("Delay") ?? RestartPolicy.Default.Delay,
                MaxAttempts = raw.Unsigned("MaxAttempts") ?? 0,
                Window = raw.Duration("Window") ?? TimeSpan.Zero,
            };

    public static void Change(JsonObject template, RestartPolicy before, RestartPolicy after)
    {
        if (before == after)
        {
            return;
        }
        var raw = template.Child("RestartPolicy");
        raw.ChangeText("Condition", Condition(before), Condition(after));
        raw.ChangeDuration("Delay", before.Delay, after.Delay);
        raw.ChangeNumber("MaxAttempts", before.MaxAttempts, after.MaxAttempts);
        raw.ChangeDuration("Window", before.Window, after.Window);
    }

    private static string Condition(RestartPolicy policy) =>
        policy.Condition switch
        {
            RestartCondition.None => "none",
            RestartCondition.OnFailure => "on-failure",
            _ => "any",
        };
}
