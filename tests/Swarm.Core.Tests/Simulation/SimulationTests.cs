using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Swarm.Core.Orchestration.Planning;

namespace Swarm.Core.Tests.Simulation;

/// <summary>Random users and faults against the control loop. A failing seed is printed. SWARM_SIM_SEED=n replays it alone and prints its
/// history. SWARM_SIM_SEEDS=n plays so many, on all processors; SWARM_SIM_FIRST=n begins with that seed.</summary>
public class SimulationTests
{
    private const int Seeds = 1000;

    /// <summary>Seeds of the test that looks for violations.</summary>
    private const int SeedsPlayed = 3000;

    private static int? OnlySeed => Number("SWARM_SIM_SEED");

    [Fact]
    public void Invariants_hold_and_every_service_converges_for_thousands_of_seeds()
    {
        if (OnlySeed is { } only)
        {
            Replay(only);
            return;
        }
        var first = Number("SWARM_SIM_FIRST") ?? 1;
        var seeds = Number("SWARM_SIM_SEEDS") ?? SeedsPlayed;
        var failures = new ConcurrentBag<SimulationFailedException>();
        Parallel.For(
            first,
            first + seeds,
            (seed, loop) =>
            {
                try
                {
                    Scenario.Play(seed);
                }
                catch (SimulationFailedException e)
                {
                    failures.Add(e);
                    loop.Break();
                }
            }
        );
        if (failures.MinBy(f => f.Seed) is { } failure)
        {
            throw failure;
        }
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    private static void Replay(int seed)
    {
        try
        {
            Scenario.Play(seed, recordHistory: true);
        }
        catch (SimulationFailedException e)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(e.History);
            throw;
        }
    }

    [Fact]
    public void Equal_seeds_give_equal_histories_and_other_seeds_others()
    {
        var histories = new HashSet<string>(StringComparer.Ordinal);
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var first = Scenario.Play(seed, recordHistory: true).History;
            Assert.NotEmpty(first);
            Assert.Equal(first, Scenario.Play(seed, recordHistory: true).History);
            Assert.True(
                histories.Add(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(first)))),
                $"seed {seed} gives the history of another"
            );
        }
    }

    /// <summary>The simulation is useful only if it detects faults.</summary>
    [Theory]
    [InlineData("IgnoreConstraints", "where it may not")]
    [InlineData("EvictByOwnConstraints", " is replaced where it may stay")]
    [InlineData("UnplacedHoldPlaces", "holds its update up")]
    [InlineData("TakenOverHoldNoPlace", "have lost their place")]
    [InlineData("ForgetTakenOver", "have lost their place")]
    [InlineData("ReplaceStranded", "could go elsewhere")]
    [InlineData("ReplaceWithoutRoom", "could go elsewhere")]
    [InlineData("OverlookRoom", "which is lost")]
    [InlineData("ForgetWhatAttemptsFound", "before its delay and monitor period")]
    [InlineData("KeepUnplacedOfOlderRevisions", "of an older revision")]
    [InlineData("IgnoreAttempts", "was not tried anew")]
    [InlineData("DoubleRestart", " gets 2 tasks")]
    [InlineData("KeepSlotsOfDownNode", "which is lost")]
    [InlineData("NeverCompleteUpdate", "its update never ends")]
    [InlineData("ReapLiveTasks", "was deleted while it runs")]
    [InlineData("StartBeforeStopped", "run, ")]
    [InlineData("RollBackInOrderOfUpdate", " gets 2 tasks, 1 may run")]
    [InlineData("IgnoreMaxReplicas", " may be there")]
    [InlineData("WaitByWallClock", " its delay")]
    [InlineData("KeepTasksOfLeftNode", "which has left")]
    public void Notices_an_injected_fault(string faultName, string problem)
    {
        var fault = Enum.Parse<InjectedFault>(faultName);
        for (var seed = 1; seed <= Seeds; seed++)
        {
            try
            {
                Scenario.Play(seed, fault);
            }
            catch (SimulationFailedException e)
            {
                Assert.Contains(problem, e.Problem, StringComparison.Ordinal);
                return;
            }
        }
        Assert.Fail($"{Seeds} seeds did not notice {faultName}");
    }
}
