using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Starts, recognises and ends a sandbox's daemons. A process is known by its id together with its start time: ids come back.</summary>
internal static partial class DaemonProcess
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    // The start time is computed from the boot time, which the clock's corrections move a little.
    private static readonly TimeSpan s_startTolerance = TimeSpan.FromSeconds(3);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    /// <summary>Starts it in a session of its own, so that Ctrl+C and the end of this PowerShell leave it alone; output goes to the log.</summary>
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
            // exec keeps the process id; where there is no setsid an ignored SIGINT does for Ctrl+C.
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

    /// <summary>Asks it to end, and after <paramref name="grace"/> makes it; true when it is gone.</summary>
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

    /// <summary>When the process with this id was started; null when there is none.</summary>
    public static DateTime? StartOf(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.StartTime;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ended meanwhile.
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
            if (!process.HasExited && (process.StartTime.ToUniversalTime() - startedAt.ToUniversalTime()).Duration() < s_startTolerance)
            {
                return process;
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // Gone, or not ours to look at.
        }
        process?.Dispose();
        return null;
    }

    private static void Signal(Process process, int signal)
    {
        if (!OperatingSystem.IsWindows())
        {
            // A process that ended meanwhile answers ESRCH, which is what was wanted.
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
