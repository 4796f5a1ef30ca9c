using Grpc.Core;
using Swarm.Security.Certificates;

namespace Swarm.Security;

/// <summary>Replaces this node's certificate before it expires.</summary>
/// <remarks>It renews at a random point between half and four fifths of the validity, so that nodes that joined together do not renew
/// together. Source: moby/swarmkit ca/renewer.go (calculateRandomExpiry).</remarks>
public sealed partial class CertificateRenewal(
    ClusterCredentials credentials,
    Func<byte[], CancellationToken, Task<(byte[] Certificate, byte[] Root)>> issue,
    Action<NodeIdentity> save,
    TimeProvider time,
    ILogger<CertificateRenewal> logger
)
{
    private const double Earliest = 0.5;
    private const double Latest = 0.8;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    /// <summary>The interval of looks at the wall clock. A timer does not follow that clock when it is set, or when the machine was suspended.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMinutes(1);

    /// <summary>The moment at which a certificate with this validity must be renewed.</summary>
    /// <param name="from">The beginning in the certificate, which is back-dated.</param>
    /// <param name="until">The end.</param>
    /// <param name="draw">0 to 1: the point between half and four fifths.</param>
    public static DateTimeOffset DueAt(DateTimeOffset from, DateTimeOffset until, double draw)
    {
        // The back-dated hour does not count: for the shortest certificates it would be most of the validity.
        var begin = from + CertificateAuthority.Backdate < until ? from + CertificateAuthority.Backdate : from;
        return begin + ((until - begin) * (Earliest + ((Latest - Earliest) * draw)));
    }

    /// <summary>Renews repeatedly until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var certificate = credentials.Identity.Certificate;
            var due = DueAt(certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(), Random.Shared.NextDouble());
            LogDue(logger, due, certificate.NotAfter.ToUniversalTime());
            await WaitUntilAsync(due, cancellation);
            var retry = FirstRetry;
            while (!await TryRenewAsync(cancellation))
            {
                await Task.Delay(retry, time, cancellation);
                retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
            }
        }
    }

    private async Task WaitUntilAsync(DateTimeOffset due, CancellationToken cancellation)
    {
        while (due - time.GetUtcNow() is { Ticks: > 0 } left)
        {
            await Task.Delay(left < LookPeriod ? left : LookPeriod, time, cancellation);
        }
    }

    private async Task<bool> TryRenewAsync(CancellationToken cancellation)
    {
        try
        {
            var (key, request) = NodeIdentity.CreateRequest();
            var (certificate, root) = await issue(request, cancellation);
            var identity = NodeIdentity.Create(certificate, key, root);
            save(identity);
            credentials.Replace(identity);
            LogRenewed(logger, identity.Certificate.NotAfter.ToUniversalTime());
            return true;
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            // A call that the end of this node breaks fails with any error.
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception e)
        {
            LogFailed(logger, Reason(e), credentials.Identity.Certificate.NotAfter.ToUniversalTime());
            return false;
        }
    }

    /// <summary>The words of a manager, or the innermost reason of the transport.</summary>
    private static string Reason(Exception error)
    {
        var e = error;
        while (((e as RpcException)?.Status.DebugException ?? e.InnerException) is { } deeper)
        {
            e = deeper;
        }
        return (e is RpcException refused ? refused.Status.Detail : e.Message).TrimEnd('.');
    }

    [LoggerMessage(LogLevel.Debug, "This node's certificate will be renewed at {Due:u}; it ends at {End:u}.")]
    private static partial void LogDue(ILogger logger, DateTimeOffset due, DateTime end);

    [LoggerMessage(LogLevel.Information, "This node's certificate was renewed; it ends at {End:u}.")]
    private static partial void LogRenewed(ILogger logger, DateTime end);

    [LoggerMessage(LogLevel.Warning, "This node's certificate, which ends at {End:u}, could not be renewed, and is tried again: {Reason}.")]
    private static partial void LogFailed(ILogger logger, string reason, DateTime end);
}
