namespace Swarm.Host.Checks;

/// <summary>Compares this host's clock with a manager's: certificates are valid for a period of time.</summary>
internal static class ClockCheck
{
    private const string Name = "Clock";

    /// <summary>The manager reports its time in whole seconds.</summary>
    private static readonly TimeSpan WarnAbove = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FailAbove = TimeSpan.FromMinutes(1);

    public static async Task<HostCheck> RunAsync(HostPeer manager, TimeProvider time, CancellationToken cancellation)
    {
        var where = $"{manager.Host}:{manager.ManagementPort}";
        try
        {
            return await PeerClock.AheadAsync(manager.Host, manager.ManagementPort, time, cancellation) is { } ahead
                ? Judge(ahead, where)
                : Unknown($"{where} does not tell its time");
        }
        catch (HttpRequestException e)
        {
            return Unknown($"{where} does not tell its time: {Deepest(e)}");
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Unknown($"{where} does not answer");
        }
    }

    internal static HostCheck Judge(TimeSpan ahead, string where)
    {
        // The other clock's second may have been about to end.
        var difference = ahead.Duration() - TimeSpan.FromSeconds(1);
        var text =
            difference <= TimeSpan.Zero
                ? $"as the clock of {where}, to the second"
                : $"{ahead.Duration().TotalSeconds:0} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} the clock of {where}";
        const string Remedy =
            "Set the clocks of both hosts by NTP (chrony, systemd-timesyncd): certificates are not valid before their time.";
        return difference > FailAbove ? HostCheck.Fail(Name, text, Remedy)
            : difference > WarnAbove ? HostCheck.Warn(Name, text, Remedy)
            : HostCheck.Pass(Name, text);
    }

    private static HostCheck Unknown(string detail) =>
        HostCheck.Warn(Name, detail, "Compare 'date -u' on both hosts; the check needs a swarmd that is a manager there.");

    private static string Deepest(Exception e) => e.InnerException is { } inner ? Deepest(inner) : e.Message;
}
