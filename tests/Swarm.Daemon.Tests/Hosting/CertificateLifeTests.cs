using Microsoft.Extensions.Time.Testing;
using Swarm.Daemon.Tests.Processes;
using Swarm.Security;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Certificates are renewed in time, over the cluster port and with a clock of the test's own; or they expire.</summary>
public sealed class CertificateLifeTests
{
    /// <summary>An attempt to connect is given up after 5 s of the fake clock, which are 2 s of the machine's then.</summary>
    private static readonly TimeSpan AttemptStep = TimeSpan.FromMilliseconds(50);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static NodeIdentity IdentityOf(TestDaemon daemon) => daemon.Runtime.Now.Active!.Credentials.Identity;

    /// <summary>Advances the time in small steps until the condition holds.</summary>
    private Task PassAsync(TimeSpan step, Func<Task<bool>> until, string what) => PassAsync(_time, step, until, what);

    /// <inheritdoc cref="PassAsync(TimeSpan, Func{Task{bool}}, string)"/>
    private static async Task PassAsync(
        FakeTimeProvider time,
        TimeSpan step,
        Func<Task<bool>> until,
        string what,
        Func<string>? more = null
    )
    {
        await Eventually.GetAsync(
            async () =>
            {
                if (await until())
                {
                    return true;
                }
                time.Advance(step);
                return false;
            },
            static done => done,
            what,
            more
        );
    }

    [Theory]
    [InlineData(0, 45)]
    [InlineData(1, 72)]
    public void A_certificate_is_due_between_half_and_four_fifths_of_its_life(double draw, double minutes)
    {
        var issued = DateTimeOffset.UnixEpoch;
        var due = CertificateRenewal.DueAt(issued - CertificateAuthority.Backdate, issued.AddMinutes(90), draw);
        Assert.Equal(TimeSpan.FromMinutes(minutes), due - issued);
    }

    [Fact]
    public async Task Manager_and_worker_renew_before_the_end_and_again_after_a_restart()
    {
        await using var manager = await TestDaemon.StartManagerAsync(_time, TestDaemon.Expiry(TimeSpan.FromHours(10)));
        await using var worker = await TestDaemon.StartAsync("worker1", _time);
        await worker.JoinAsync(manager);
        var issued = _time.GetUtcNow();
        var (ofManager, ofWorker) = (IdentityOf(manager), IdentityOf(worker));
        await PassAsync(
            TimeSpan.FromMinutes(2),
            () =>
                Task.FromResult(
                    IdentityOf(manager).Certificate.Thumbprint != ofManager.Certificate.Thumbprint
                        && IdentityOf(worker).Certificate.Thumbprint != ofWorker.Certificate.Thumbprint
                ),
            "both have renewed"
        );
        Assert.InRange(_time.GetUtcNow() - issued, TimeSpan.FromHours(5), TimeSpan.FromHours(9));
        foreach (var (daemon, old) in new[] { (manager, ofManager), (worker, ofWorker) })
        {
            var renewed = IdentityOf(daemon);
            Assert.Equal((old.NodeId, old.ClusterId, old.Subject.Role), (renewed.NodeId, renewed.ClusterId, renewed.Subject.Role));
            Assert.NotEqual(old.PrivateKey, renewed.PrivateKey);
            Assert.True(renewed.Certificate.NotAfter > old.Certificate.NotAfter);
            await daemon.RestartAsync();
            Assert.Equal(renewed.Certificate.Thumbprint, IdentityOf(daemon).Certificate.Thumbprint);
        }
    }

    [Fact]
    public async Task A_manager_that_was_off_beyond_its_certificate_renews_it_itself()
    {
        await using var manager = await TestDaemon.StartManagerAsync(_time, TestDaemon.Expiry(TimeSpan.FromHours(1)));
        var old = IdentityOf(manager);
        await manager.StopAsync();
        _time.Advance(TimeSpan.FromDays(100));
        await manager.StartAsync();
        await PassAsync(
            TimeSpan.FromSeconds(1),
            async () => (await manager.InfoAsync()).StateMessage.Length == 0 && (await manager.NodesAsync())[0].State == V1.NodeState.Ready,
            "the manager works again"
        );
        Assert.NotEqual(old.Certificate.Thumbprint, IdentityOf(manager).Certificate.Thumbprint);
        await manager.AssertWorksAsync();
        await using var worker = await TestDaemon.StartAsync("worker1", _time);
        await worker.JoinAsync(manager);
    }

    [Fact]
    public async Task A_worker_that_was_off_beyond_its_certificate_says_so_and_can_join_again()
    {
        await using var manager = await TestDaemon.StartManagerAsync(_time, TestDaemon.Expiry(TimeSpan.FromHours(1)));
        await using var worker = await TestDaemon.StartAsync("worker1", _time);
        await worker.JoinAsync(manager);
        await worker.StopAsync();
        _time.Advance(TimeSpan.FromDays(2));
        await worker.StartAsync();
        var info = await worker.InfoAsync();
        Assert.Equal(V1.LocalNodeState.Pending, info.State);
        Assert.Contains("certificate ended on", info.StateMessage, StringComparison.Ordinal);
        Assert.Contains("Exit-Swarm -Force", info.StateMessage, StringComparison.Ordinal);
        await worker.Control.Membership.LeaveSwarmAsync(new() { Force = true }, cancellationToken: Cancel);
        await PassAsync(
            TimeSpan.FromSeconds(1),
            () => Task.FromResult(IdentityOf(manager).Certificate.NotAfter > _time.GetUtcNow()),
            "the manager has a certificate that is valid"
        );
        await worker.JoinAsync(manager);
    }

    [Fact]
    public async Task Renewal_follows_a_clock_that_was_set_forward()
    {
        await using var manager = await TestDaemon.StartManagerAsync(_time, TestDaemon.Expiry(TimeSpan.FromHours(10)));
        var old = IdentityOf(manager);
        // The wall clock is set: no timer has run by it.
        _time.AdjustTime(_time.GetUtcNow() + TimeSpan.FromHours(9));
        var passed = TimeSpan.Zero;
        await PassAsync(
            TimeSpan.FromSeconds(10),
            () =>
            {
                passed += TimeSpan.FromSeconds(10);
                return Task.FromResult(IdentityOf(manager).Certificate.Thumbprint != old.Certificate.Thumbprint);
            },
            "the manager has renewed"
        );
        // A look at the clock each minute, and a retry: far less than half of the certificate's life, which a timer would wait.
        Assert.InRange(passed, TimeSpan.Zero, TimeSpan.FromMinutes(30));
    }

    [Fact]
    public async Task A_node_whose_clock_is_behind_says_from_when_certificates_are_valid_and_both_clocks()
    {
        await using var manager = await TestDaemon.StartManagerAsync(_time);
        var behind = new FakeTimeProvider(_time.GetUtcNow());
        await using var worker = await TestDaemon.StartAsync("worker1", behind);
        await worker.JoinAsync(manager);
        await worker.InfoAsync(static i => i.StateMessage.Length == 0);
        var from = IdentityOf(worker).Certificate.NotBefore.ToUniversalTime();
        behind.AdjustTime(_time.GetUtcNow() - TimeSpan.FromHours(5));
        await worker.RestartAsync();
        await PassAsync(
            behind,
            AttemptStep,
            async () => (await worker.InfoAsync()).StateMessage.Contains("that of the manager at", StringComparison.Ordinal),
            "the worker knows the manager's clock",
            () => worker.Log
        );
        var info = await worker.InfoAsync();
        Assert.Equal(V1.LocalNodeState.Pending, info.State);
        Assert.Contains($"is not valid before {from:u}", info.StateMessage, StringComparison.Ordinal);
        Assert.Contains("this host's clock says", info.StateMessage, StringComparison.Ordinal);
        Assert.Contains($"at {manager.Address} says {DateTimeOffset.UtcNow:yyyy-MM-dd}", info.StateMessage, StringComparison.Ordinal);
        Assert.Contains("because of a certificate: ", worker.Log, StringComparison.Ordinal);
        var check = await CertificateCheckAsync(worker);
        Assert.Equal(("failed", info.StateMessage[..60]), (check.Status, check.Detail[..60]));
        // The clock is put right, and the node is back.
        behind.AdjustTime(_time.GetUtcNow());
        await PassAsync(
            behind,
            AttemptStep,
            async () => await worker.InfoAsync() is { State: V1.LocalNodeState.Active, StateMessage: "" },
            "the worker is back",
            () => worker.Log
        );
        Assert.Equal("passed", (await CertificateCheckAsync(worker)).Status);
    }

    [Fact]
    public async Task A_node_whose_manager_is_behind_is_pending_with_the_managers_reason()
    {
        await using var manager = await TestDaemon.StartManagerAsync(_time);
        var right = new FakeTimeProvider(_time.GetUtcNow());
        await using var worker = await TestDaemon.StartAsync("worker1", right);
        await worker.JoinAsync(manager);
        await worker.InfoAsync(static i => i.StateMessage.Length == 0);
        var from = IdentityOf(worker).Certificate.NotBefore.ToUniversalTime();
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromHours(5));
        await worker.RestartAsync();
        await PassAsync(
            right,
            AttemptStep,
            async () => (await worker.InfoAsync()).StateMessage.Contains("not accepted", StringComparison.Ordinal),
            "the worker is told",
            () => worker.Log
        );
        var info = await worker.InfoAsync();
        Assert.Equal(V1.LocalNodeState.Pending, info.State);
        Assert.Contains($"is not valid before {from:u}, and the manager's clock says", info.StateMessage, StringComparison.Ordinal);
        Assert.Contains("this host's clock says", info.StateMessage, StringComparison.Ordinal);
        Assert.Contains("A call from 127.0.0.1 was refused", manager.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_join_from_a_host_whose_clock_is_behind_says_so()
    {
        await using var manager = await TestDaemon.StartManagerAsync(_time);
        await using var late = await TestDaemon.StartAsync("worker1", new FakeTimeProvider(_time.GetUtcNow() - TimeSpan.FromDays(1)));
        var e = await TestDaemon.RefusedAsync("ManagerUnreachable", () => late.JoinAsync(manager));
        Assert.Contains("is not valid before", e.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("this host's clock says", e.Status.Detail, StringComparison.Ordinal);
    }

    private static async Task<V1.HostCheck> CertificateCheckAsync(TestDaemon daemon)
    {
        var answer = await daemon.Control.Daemon.RunHostCommandAsync(
            new V1.RunHostCommandRequest { Command = new V1.HostCommand { Check = new V1.HostCheckCommand { InSwarm = true } } },
            cancellationToken: Cancel
        );
        return answer.Answer.Checks.Single(static c => c.Name == "Certificate");
    }
}
