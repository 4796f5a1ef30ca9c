using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

/// <summary>Options that CmdletTests does not use.</summary>
public sealed class OptionTests
{
    [Theory]
    [InlineData("New-SwarmService web alpine")]
    [InlineData("Set-SwarmService old")]
    public async ValueTask Health_and_rollback_options_reach_the_spec(string command)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("old");
        shell
            .Run(
                command
                    + " -HealthCommand true -HealthStartPeriod 1m5s -RollbackOrder StartFirst -RollbackMaxFailureRatio 0.5 -RollbackMonitor 7s -RollbackFailureAction Continue"
            )
            .ThrowIfFailed();
        var spec = shell.Fake.Services[^1].Spec;
        Assert.Equal(TimeSpan.FromSeconds(65), spec.Container.HealthCheck.StartPeriod.ToTimeSpan());
        Assert.Equal(
            (V1.UpdateOrder.StartFirst, 0.5, 7L, V1.FailureAction.Continue),
            (spec.Rollback.Order, spec.Rollback.MaxFailureRatio, spec.Rollback.Monitor.Seconds, spec.Rollback.FailureAction)
        );
        // The update's own settings stay.
        Assert.Equal((V1.UpdateOrder.StopFirst, 0.0), (spec.Update.Order, spec.Update.MaxFailureRatio));
        var shown = shell.Run("Get-SwarmService").As<Service>()[^1];
        Assert.Equal(TimeSpan.FromSeconds(65), shown.HealthCheck!.StartPeriod);
        Assert.Equal(
            "parallelism 1, delay 0s, monitor 7s, on failure continue, max failure ratio 0.5, start-first",
            shown.RollbackConfig.ToString()
        );
    }

    [Fact]
    public async ValueTask Groups_and_placement_preferences_are_removed_one_by_one()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run(
                "New-SwarmService web alpine -Group wheel,audio,video -PlacementPreference spread=node.labels.zone,spread=node.labels.rack,node.labels.row"
            )
            .ThrowIfFailed();
        shell
            .Run("Set-SwarmService web -RemoveGroup audio -RemovePlacementPreference spread=node.labels.zone,node.labels.row")
            .ThrowIfFailed();
        var spec = Assert.Single(shell.Fake.Services).Spec;
        Assert.Equal(["wheel", "video"], spec.Container.Groups);
        Assert.Equal(["node.labels.rack"], spec.Placement.SpreadPreferences);
    }

    [Fact]
    public async ValueTask Running_leaves_out_what_has_ended_or_is_to_end()
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web", 2);
        var db = shell.Fake.AddService("db");
        shell.Fake.AddTask(web, 1, V1.TaskState.Failed, V1.TaskState.Shutdown, 9, "web:0");
        shell.Fake.AddTask(web, 3, V1.TaskState.Running, V1.TaskState.Shutdown, 9, "web:0");
        Assert.Equal(5, shell.Run("Get-SwarmTask").Output.Count);
        Assert.Equal(["db.1", "web.1", "web.2"], shell.Run("Get-SwarmTask -Running").As<Task>().Select(t => t.Name));
        Assert.Equal(["web.1", "web.2"], shell.Run("Get-SwarmTask web -Running").As<Task>().Select(t => t.Name));
        Assert.Equal(["db.1"], shell.Run("Get-SwarmService db | Get-SwarmTask -Running").As<Task>().Select(t => t.Name));
        Assert.All(shell.Run("Get-SwarmTask w* -Running").As<Task>(), t => Assert.Equal(TaskState.Running, t.DesiredState));
        Assert.NotEqual(web.Id, db.Id);
    }

    [Fact]
    public async ValueTask Where_a_node_listens_and_whether_it_takes_tasks_is_sent_with_init_and_join()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run(
                "Initialize-Swarm 10.0.0.1 -ListenAddress 0.0.0.0:2377 -Availability Drain -ForceNewCluster -SnapshotInterval 500 -CertificateExpiry 48h"
            )
            .ThrowIfFailed();
        var init = shell.Fake.Last<V1.InitSwarmRequest>();
        Assert.Equal(
            ("10.0.0.1", "0.0.0.0:2377", V1.NodeAvailability.Drain, true),
            (init.AdvertiseAddress, init.ListenAddress, init.Availability, init.ForceNewCluster)
        );
        Assert.Equal((500ul, 48 * 3600L), (init.Settings.SnapshotInterval, init.Settings.CertificateExpiry.Seconds));
        shell
            .Run("Join-Swarm SWMTKN-1-ca-worker 10.0.0.1,10.0.0.2:2377 -AdvertiseAddress eth0 -ListenAddress eth0:2378 -Availability Pause")
            .ThrowIfFailed();
        var join = shell.Fake.Last<V1.JoinSwarmRequest>();
        Assert.Equal(["10.0.0.1", "10.0.0.2:2377"], join.RemoteAddresses);
        Assert.Equal(("eth0", "eth0:2378", V1.NodeAvailability.Pause), (join.AdvertiseAddress, join.ListenAddress, join.Availability));
        shell.Run("Initialize-Swarm").ThrowIfFailed();
        Assert.Equal(
            ("", V1.NodeAvailability.Active, false),
            (
                shell.Fake.Last<V1.InitSwarmRequest>().ListenAddress,
                shell.Fake.Last<V1.InitSwarmRequest>().Availability,
                shell.Fake.Last<V1.InitSwarmRequest>().ForceNewCluster
            )
        );
    }
}
