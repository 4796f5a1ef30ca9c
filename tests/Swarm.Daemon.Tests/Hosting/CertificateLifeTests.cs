using Microsoft.Extensions.Time.Testing;
using Swarm.Daemon.Tests.Processes;
using Swarm.Security;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Certificates are renewed in time, over the cluster port and with a clock of the test's own; or they expire.</summary>
public sealed class CertificateLifeTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static NodeIdentity IdentityOf(TestDaemon daemon) => daemon.Runtime.Now.Active!.Credentials.Identity;

    /// <summary>Advances the time in small steps until the condition holds.</summary>
    private async Task PassAsync(TimeSpan step, Func<Task<bool>> until, string what)
    {
        await Eventually.GetAsync(
            async () =>
            {
                if (await until())
                {
                    return true;
                }
                _time.Advance(step);
                return false;
            },
            static done => done,
            what
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
}
