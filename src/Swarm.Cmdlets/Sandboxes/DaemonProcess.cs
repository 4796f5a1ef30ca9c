using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Starts, identifies and ends a sandbox's daemons. Process id and start time identify a process, because the system reuses
/// ids.</summary>
internal static partial class DaemonProcess
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    // The start time is computed from the boot time, which moves a little when the clock is corrected.
    private static readonly TimeSpan StartTolerance = TimeSpan.FromSeconds(3);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    /// <summary>Starts a daemon in a session of its own, so that neither Ctrl+C nor the end of this PowerShell ends it. Its output goes to
    /// the log.</summary>
    public static void Start(SandboxNode node)
    {
        var start = new ProcessStartInfo
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = node.StateDirectory,
        };
        if (OperatingSystem.IsWindows())
        {
            start.FileName = "cmd.exe";
            start.Arguments = $"/d /s /c \"{string.Join(' ', node.CommandLine.Select(a => $"\"{a}\""))} >> \"{node.LogPath}\" 2>&1 < NUL\"";
        }
        else
        {
            start.FileName = "/bin/sh";
            start.ArgumentList.Add("-c");
            // exec keeps the process id. Where there is no setsid, an ignored SIGINT protects against Ctrl+C.
            start.ArgumentList.Add(
                "log=$1; shift; exec </dev/null >>\"$log\" 2>&1; if command -v setsid >/dev/null; then exec setsid \"$@\"; else trap '' INT HUP; exec \"$@\"; fi"
            );
            start.ArgumentList.Add("sh");
            start.ArgumentList.Add(node.LogPath);
            foreach (var argument in node.CommandLine)
            {
                start.ArgumentList.Add(argument);
            }
        }
        using var process = Process.Start(start)!;
        node.ProcessId = process.Id;
        node.StartedAt = process.StartTime;
    }

    public static bool IsAlive(int processId, DateTime startedAt)
    {
        using var process = Find(processId, startedAt);
        return process is not null;
    }

    /// <summary>Asks the process to end, and kills it after <paramref name="grace"/>. True when it has ended.</summary>
    public static async Task<bool> StopAsync(int processId, DateTime startedAt, TimeSpan grace, CancellationToken cancellationToken)
    {
        using var process = Find(processId, startedAt);
        if (process is null)
        {
            return true;
        }
        Signal(process, SigTerm);
        if (!await ExitedAsync(process, grace, cancellationToken))
        {
            Signal(process, SigKill);
            return await ExitedAsync(process, TimeSpan.FromSeconds(5), cancellationToken);
        }
        return true;
    }

    /// <summary>The start time of the process with this id; null when there is none.</summary>
    public static DateTime? StartOf(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.StartTime;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // The process ended meanwhile.
            return null;
        }
    }

    private static Process? Find(int processId, DateTime startedAt)
    {
        if (processId <= 0)
        {
            return null;
        }
        Process? process = null;
        try
        {
            process = Process.GetProcessById(processId);
            if (!process.HasExited && (process.StartTime.ToUniversalTime() - startedAt.ToUniversalTime()).Duration() < StartTolerance)
            {
                return process;
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // The process ended, or this user may not read it.
        }
        process?.Dispose();
        return null;
    }

    private static void Signal(Process process, int signal)
    {
        if (!OperatingSystem.IsWindows())
        {
            // A process that ended meanwhile gives ESRCH, which is as good.
            _ = Kill(process.Id, signal);
        }
        else if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static async Task<bool> ExitedAsync(Process process, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
