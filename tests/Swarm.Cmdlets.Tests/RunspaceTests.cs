using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

/// <summary>A session in several runspaces of a process, as Start-ThreadJob and ForEach-Object -Parallel use it.</summary>
public sealed class RunspaceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async ValueTask Another_runspace_uses_the_session_while_one_waits()
    {
        await using var shell = await Shell.StartAsync();
        await using var other = await Shell.StartAsync(daemon: false);
        shell.Fake.AddService("web", 2);
        shell.Fake.WaitsNeverEnd = true;
        var session = shell.Run("$s = Connect-Swarm -Socket $socket; $s", ("socket", shell.Daemon!.Socket)).One<Session>();
        using var output = new PSDataCollection<PSObject>();
        using var running = shell.Begin("Stop-SwarmTask web.1 -Wait -Session $s", output);
        await Deadline.WaitAsync(shell.Fake.Waiting.Task, "Stop-SwarmTask to wait");
        Assert.Equal(3, other.Run("Get-SwarmNode -Session $s", ("s", session)).As<Node>().Length);
        // The default session is that of the process.
        Assert.Same(session, other.Run("Get-SwarmSession").One<Session>());
        other.Run("Set-SwarmService web -Image web:2; Get-SwarmTask web").ThrowIfFailed();
        Assert.Equal("web:2", Assert.Single(shell.Fake.Services).Spec.Container.Image);
        Assert.Equal(PSInvocationState.Running, running.InvocationStateInfo.State);
        running.Stop();
        Assert.Equal(3, other.Run("Get-SwarmNode -Session $s", ("s", session)).As<Node>().Length);
        other.Run("$s | Disconnect-Swarm", ("s", session)).ThrowIfFailed();
        Assert.StartsWith("SessionClosed,", shell.Run("Get-SwarmNode -Session $s").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask Runspaces_read_and_change_at_the_same_time()
    {
        await using var shell = await Shell.StartAsync();
        await using var second = await Shell.StartAsync(daemon: false);
        await using var third = await Shell.StartAsync(daemon: false);
        var session = shell.Run("Connect-Swarm -Socket $socket", ("socket", shell.Daemon!.Socket)).One<Session>();
        shell.Fake.AddService("web");
        using var together = new Barrier(3);
        var results = await System.Threading.Tasks.Task.WhenAll(
            new[] { shell, second, third }.Select(
                (s, number) =>
                    System.Threading.Tasks.Task.Run(
                        () =>
                        {
                            together.SignalAndWait(Cancel);
                            return s.Run(
                                "foreach ($i in 1..40) { (Get-SwarmNode worker1 -Session $s).Name; (Get-SwarmService web -Session $s).Name; Set-SwarmNode worker2 -Label @{ a = \"$n-$i\" } -Session $s }",
                                ("s", session),
                                ("n", number)
                            );
                        },
                        Cancel
                    )
            )
        );
        Assert.All(results, r => Assert.Equal(Enumerable.Repeat(new[] { "worker1", "web" }, 40).SelectMany(n => n), r.As<string>()));
        Assert.Equal(120, shell.Fake.All<V1.UpdateNodeRequest>().Select(r => r.RequestId).Distinct().Count());
        shell.Run("Disconnect-Swarm").ThrowIfFailed();
    }
}
