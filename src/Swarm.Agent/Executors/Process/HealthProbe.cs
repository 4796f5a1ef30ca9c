using System.Diagnostics;

namespace Swarm.Agent.Executors.Process;

/// <summary>Runs a task's health check with Docker's semantics. Failures within the start period do not count until a check has succeeded.
/// <c>Retries</c> failures in a row make the task unhealthy.</summary>
internal sealed class HealthProbe(TaskRecord task, TimeProvider time)
{
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

    /// <summary>The start of a check. The task's environment is passed as environment and not as arguments, which every user of the machine
    /// can read.</summary>
    internal static ProcessStartInfo StartOf(TaskRecord task)
    {
        var test = task.HealthCheck!.Test;
        string[] command = test[0] == "CMD" ? [.. test.Skip(1)] : ["/bin/sh", "-c", test[1]];
        var start = new ProcessStartInfo(SystemTool.PathOf("setsid")) { WorkingDirectory = task.WorkingDirectory, UseShellExecute = false };
        foreach (var word in SystemTool.WithPath(task.Prefix).Concat(command))
        {
            start.ArgumentList.Add(word);
        }
        start.Environment.Clear();
        foreach (var entry in task.Environment)
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            start.Environment[entry[..equals]] = entry[(equals + 1)..];
        }
        // The output is discarded: a check reports by its exit code.
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        return start;
    }

    private async Task<bool> CheckAsync(CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_check.Timeout < LongDelay.LongestStep ? _check.Timeout : Timeout.InfiniteTimeSpan);
        try
        {
            using var process = System.Diagnostics.Process.Start(StartOf(task))!;
            process.StandardInput.Close();
            try
            {
                process.OutputDataReceived += (_, _) => { };
                process.ErrorDataReceived += (_, _) => { };
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
                await process.WaitForExitAsync(timeout.Token);
                return process.ExitCode == 0;
            }
            catch (OperationCanceledException)
            {
                PosixSignal.Send(-process.Id, PosixSignal.Kill);
                cancellation.ThrowIfCancellationRequested();
                return false;
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
