using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Swarm.Daemon.Tests.Processes;
using Swarm.Host.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>Tasks that leave processes behind, in sessions of their own. None outlives its task.</summary>
[Collection(ProcessTests.Name)]
public sealed class SurvivingProcessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_process_that_left_its_tasks_session_ends_with_the_task(bool ofHealthCheck)
    {
        await using var swarm = await ProcessSwarm.StartAsync("Process", workers: 0);
        var pids = swarm.Combine("pids");
        // Each that is left behind writes its pid down, and sleeps.
        var leave = $"setsid sh -c 'echo $$ >>{pids}; exec sleep 100000' >/dev/null 2>&1 </dev/null &";
        var container = new V1.ContainerSpec
        {
            Image = "alpine",
            Command = { "sh", "-c", ofHealthCheck ? "exec sleep 100000" : leave + " exec sleep 100000" },
            StopSignal = "KILL",
            StopGracePeriod = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100)),
        };
        if (ofHealthCheck)
        {
            container.HealthCheck = new V1.HealthCheck
            {
                Test = { "CMD-SHELL", leave },
                Interval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(200)),
                Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)),
            };
        }
        await swarm.Control.Services.CreateServiceAsync(
            new V1.CreateServiceRequest
            {
                NoResolveImage = true,
                Spec = new V1.ServiceSpec
                {
                    Name = "leaver",
                    Container = container,
                    Replicated = new V1.ReplicatedMode { Replicas = 1 },
                },
            },
            cancellationToken: Cancel
        );
        var wanted = ofHealthCheck ? 3 : 1;
        await Eventually.BeTrueAsync(() => Left(pids).Count >= wanted, "processes that were left behind", swarm.Manager.Log);
        await swarm.Control.Services.RemoveServiceAsync(new V1.RemoveServiceRequest { Selector = "leaver" }, cancellationToken: Cancel);
        await Eventually.BeTrueAsync(
            () => Directory.GetDirectories(Path.Combine(swarm.Manager.StateDirectory, "processes")).Length == 0,
            "the task is removed",
            swarm.Manager.Log
        );
        var alive = Left(pids).Select(ProcessIdentity.Of).OfType<ProcessIdentity>().ToList();
        alive.ForEach(static process => ProcessSignal.Send(process, ProcessSignal.Kill));
        Assert.Empty(alive);
    }

    /// <summary>The pids that were written whole.</summary>
    private static List<int> Left(string file) =>
        File.Exists(file)
            ?
            [
                .. File.ReadAllText(file)
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(static l => int.Parse(l, CultureInfo.InvariantCulture)),
            ]
            : [];
}
