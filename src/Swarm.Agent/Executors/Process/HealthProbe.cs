using System.Diagnostics;
using Swarm.Agent.Executors.Process.Cgroups;
using Swarm.Host.Processes;

namespace Swarm.Agent.Executors.Process;

/// <summary>Runs a task's health check with Docker's semantics. Failures within the start period do not count until a check has succeeded.
/// <c>Retries</c> failures in a row make the task unhealthy.</summary>
/// <remarks>A check runs within the limits of its task, and all of its processes end with it.</remarks>
/// <param name="task">It has a health check.</param>
/// <param name="directory">The task's directory, with <c>check.sh</c>.</param>
/// <param name="group">The task's control groups.</param>
/// <param name="adopter">See <see cref="ProcessExecutorOptions.OrphanAdopter"/>.</param>
/// <param name="time">The clock of intervals and start period.</param>
internal sealed class HealthProbe(TaskRecord task, string directory, TaskGroup group, IReadOnlyList<string> adopter, TimeProvider time)
{
    private static readonly TimeSpan KillPause = TimeSpan.FromMilliseconds(5);

    /// <summary>Attempts to end the processes of a check: 5 s in all. The next check, or the end of the task, tries again.</summary>
    private const int KillRounds = 1000;

    private readonly ProbeRecord _check = task.HealthCheck!;

    /// <summary>Runs until cancelled or unhealthy.</summary>
    public async Task RunAsync(bool healthy, Action becameHealthy, Action becameUnhealthy, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        uint failures = 0;
        while (true)
        {
            await LongDelay.WaitAsync(_check.Interval, time, cancellation);
            if (await CheckAsync(cancellation))
            {
                failures = 0;
                if (!healthy)
                {
                    healthy = true;
                    becameHealthy();
                }
            }
            else if (healthy || time.GetElapsedTime(started) >= _check.StartPeriod)
            {
                failures++;
                if (failures >= _check.Retries)
                {
                    becameUnhealthy();
                    return;
                }
            }
        }
    }

    /// <summary>The start of a check. <c>check.sh</c> sets the environment: every user of the machine can read arguments.</summary>
    internal ProcessStartInfo Start()
    {
        var start = new ProcessStartInfo(SystemTool.PathOf("setsid")) { WorkingDirectory = directory, UseShellExecute = false };
        var isGuarded = !group.HoldsAll && adopter.Count > 0;
        string[] command = isGuarded
            ? [.. adopter, "/bin/sh", Path.Combine(Path.GetDirectoryName(directory)!, TaskScripts.GuardFile), directory]
            : ["/bin/sh", "./check.sh"];
        foreach (var word in command)
        {
            start.ArgumentList.Add(word);
        }
        // The adopter is a .NET program, which may need variables; it passes PATH only.
        if (!isGuarded)
        {
            start.Environment.Clear();
        }
        start.Environment["PATH"] = SystemTool.StandardPath;
        return start;
    }

    private async Task<bool> CheckAsync(CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_check.Timeout < LongDelay.LongestStep ? _check.Timeout : Timeout.InfiniteTimeSpan);
        try
        {
            // A swarmd that was killed leaves its last check behind.
            await EndAsync(null);
            group.MakeChecks();
            using var process = System.Diagnostics.Process.Start(Start())!;
            try
            {
                await process.WaitForExitAsync(timeout.Token);
                return process.ExitCode == 0;
            }
            catch (OperationCanceledException)
            {
                cancellation.ThrowIfCancellationRequested();
                return false;
            }
            finally
            {
                await EndAsync(process);
            }
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Ends a check, and every process that it has started.</summary>
    private async Task EndAsync(System.Diagnostics.Process? process)
    {
        var first = process is null ? null : ProcessIdentity.Of(process.Id);
        for (var round = 0; round < KillRounds; round++)
        {
            var left = await group.KillChecksAsync();
            if (process is { HasExited: false })
            {
                left += KillTree(process, first);
            }
            if (left == 0)
            {
                return;
            }
            await Task.Delay(KillPause);
        }
    }

    private int KillTree(System.Diagnostics.Process process, ProcessIdentity? first)
    {
        if (group.HoldsAll || first is null)
        {
            process.Kill();
            return 1;
        }
        // The guard is last: what its children leave behind becomes its own.
        var below = TaskProcesses.Around(first);
        foreach (var one in below)
        {
            ProcessSignal.Send(one, ProcessSignal.Kill);
        }
        if (below.Count == 0)
        {
            process.Kill();
        }
        return below.Count + 1;
    }
}
