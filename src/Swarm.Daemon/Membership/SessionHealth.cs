using Grpc.Core;
using Swarm.Control.Addresses;
using Swarm.Host.Checks;
using Swarm.Security;
using Swarm.Security.Certificates;
using Swarm.Wire.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Membership;

/// <summary>This node's connection to the managers in words: why there is none, and which clocks and certificates stand in the way.</summary>
/// <param name="credentials">This node's certificate.</param>
/// <param name="time">This host's clock.</param>
/// <param name="logger">Names each new trouble with certificates.</param>
/// <param name="stopping">Ends the questions for a manager's clock.</param>
internal sealed partial class SessionHealth(
    ClusterCredentials credentials,
    TimeProvider time,
    ILogger<SessionHealth> logger,
    CancellationToken stopping
)
{
    /// <summary>Differences of clocks below this are not named: they come from the time that the question takes.</summary>
    private static readonly TimeSpan SameClock = TimeSpan.FromSeconds(5);

    /// <summary>The least time between two questions for a manager's clock: attempts may follow each other closely.</summary>
    private static readonly TimeSpan AskPeriod = TimeSpan.FromSeconds(10);

    private const string SetClocks = "set the clocks of both hosts by NTP";

    private readonly TaskCompletionSource _firstSession = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Trouble? _trouble = new("waiting for the first session with a manager", false);
    private ManagerClock? _clock;
    private long? _asked;

    /// <summary>Completes when a manager has accepted this node's agent for the first time.</summary>
    public Task FirstSession => _firstSession.Task;

    /// <summary>There is no session, and the reason is a certificate: of this node or of the manager.</summary>
    public bool IsRefused => Volatile.Read(ref _trouble) is { } trouble && (trouble.OfCertificates || !credentials.IsCurrent);

    /// <summary>The reason why there is no session with a manager now, or why there will be none. Null: there is one, or no fault is known.</summary>
    public string? Message =>
        credentials.Own switch
        {
            { Fault: CertificateFault.NotYetValid } own => $"{own.By("this host's")}{OtherClock()}: {SetClocks}",
            { Fault: CertificateFault.Ended } =>
                $"this node's certificate ended on {credentials.Identity.Certificate.NotAfter.ToUniversalTime():u}, so that no manager accepts it: leave with Exit-Swarm -Force and join again",
            _ when Volatile.Read(ref _trouble) is { } trouble => trouble.OfCertificates ? trouble.Text + BothClocks() : trouble.Text,
            _ => null,
        };

    public void Opened()
    {
        Volatile.Write(ref _trouble, null);
        Volatile.Write(ref _clock, null);
        _firstSession.TrySetResult();
    }

    /// <summary>A session, or the attempt to open one, has ended.</summary>
    public void Ended(string address, string reason, Exception? error)
    {
        var ofCertificates =
            PeerCertificateException.Of(error) is not null
            || (error is RpcException refused && GrpcErrors.ToSwarmException(refused) is { ErrorId: "CertificateNotValid" });
        var before = Interlocked.Exchange(
            ref _trouble,
            new Trouble($"no session with the manager at {address}: {reason.TrimEnd('.')}", ofCertificates)
        );
        if (!ofCertificates)
        {
            return;
        }
        if (before is not { OfCertificates: true })
        {
            LogRefused(logger, address, reason);
        }
        // Sessions follow each other; nothing else comes here.
        if (_asked is not { } asked || time.GetElapsedTime(asked) >= AskPeriod)
        {
            _asked = time.GetTimestamp();
            _ = AskClockAsync(address);
        }
    }

    public void ExecutorAway(string reason) => Volatile.Write(ref _trouble, new Trouble($"waiting for the executor: {reason}", false));

    /// <summary>The check of this node's certificate, for Test-SwarmHost.</summary>
    public V1.HostCheck Check()
    {
        var own = credentials.Own;
        var failed = own.Fault != CertificateFault.None || IsRefused;
        return new V1.HostCheck
        {
            Name = "Certificate",
            Status = failed ? "failed" : "passed",
            Detail = failed ? Message ?? own.Reason : $"valid until {credentials.Identity.Certificate.NotAfter.ToUniversalTime():u}",
            Remedy = failed
                ? "Set the clocks of all hosts by NTP (chrony, systemd-timesyncd). A certificate that has ended, or is another swarm's, needs Exit-Swarm -Force and Join-Swarm."
                : "",
        };
    }

    private string BothClocks() => $"; this host's clock says {time.GetUtcNow():u}{OtherClock()}";

    private string OtherClock() =>
        Volatile.Read(ref _clock) is { } clock && clock.Ahead.Duration() > SameClock
            ? $", that of the manager at {clock.Address} says {time.GetUtcNow() - clock.Ahead:u}"
            : "";

    /// <summary>Asks the manager that refused, or was refused. Without an answer one clock is named.</summary>
    private async Task AskClockAsync(string address)
    {
        try
        {
            if (
                HostAddress.TryParse(address, HostAddress.ClusterPort, out var manager)
                && await PeerClock.AheadAsync(manager.Host, manager.Port, time, stopping) is { } ahead
            )
            {
                Volatile.Write(ref _clock, new ManagerClock(address, ahead));
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // It is named without its clock.
        }
    }

    private sealed record Trouble(string Text, bool OfCertificates);

    private sealed record ManagerClock(string Address, TimeSpan Ahead);

    [LoggerMessage(LogLevel.Warning, "No session with the manager at {Address}, because of a certificate: {Reason}")]
    private static partial void LogRefused(ILogger logger, string address, string reason);
}
