using System.Diagnostics;

namespace Swarm.Daemon.Executors.Process;

/// <summary>Runs a task's health check with Docker's semantics: failures within the start period do not count until a check has succeeded;
/// <c>Retries</c> failures in a row make it unhealthy.</summary>
internal sealed class HealthProbe(TaskRecord task, TimeProvider time)
{
    private readonly ProbeRecord _check = task.HealthCheck!;

    /// <summary>Runs until cancelled or unhealthy.</summary>
    public async Task RunAsync(bool healthy, Action becameHealthy, Action becameUnhealthy, CancellationToken cancellation)
    {
        var started = time.GetUtcNow();
        uint failures = 0;
        while (true)
        {
            await Task.Delay(_check.Interval, time, cancellation);
            if (await CheckAsync(cancellation))
            {
                failures = 0;
                if (!healthy)
                {
                    healthy = true;
                    becameHealthy();
                }
            }
            else if (healthy || time.GetUtcNow() - started >= _check.StartPeriod)
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

    private async Task<bool> CheckAsync(CancellationToken cancellation)
    {
        string[] command = _check.Test[0] == "CMD" ? [.. _check.Test.Skip(1)] : ["/bin/sh", "-c", _check.Test[1]];
        var start = new ProcessStartInfo("setsid") { WorkingDirectory = task.WorkingDirectory, UseShellExecute = false };
        foreach (var word in task.Prefix.Concat(["env", "-i"]).Concat(task.Environment).Concat(command))
        {
            start.ArgumentList.Add(word);
        }
        // Output goes nowhere: a check talks by its exit code.
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_check.Timeout);
        try
        {
            using var process = System.Diagnostics.Process.Start(start)!;
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
