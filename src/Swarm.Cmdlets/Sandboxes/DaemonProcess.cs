using System.Diagnostics;
using System.Runtime.InteropServices;
using Swarm.Host.Processes;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Starts, identifies and ends a sandbox's daemons. A process id alone identifies no process, because the system reuses ids.
/// On Linux boot id and exact start time are compared as well, elsewhere the start time.</summary>
internal static partial class DaemonProcess
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);

    // Without /proc: the start time is computed from the boot time, which moves a little when the clock is corrected.
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
        // exec keeps pid and start time.
        node.ProcessIdentity = HasIdentities ? ProcessIdentity.Of(process.Id)?.ToString() ?? "" : "";
    }

    /// <summary>The system has a <c>/proc</c> with exact start times.</summary>
    private static bool HasIdentities => OperatingSystem.IsLinux();

    public static bool IsAlive(SandboxNode node)
    {
        if (HasIdentities)
        {
            return IdentityOf(node) is { IsAlive: true };
        }
        using var process = Find(node.ProcessId, node.StartedAt);
        return process is not null;
    }

    /// <summary>The daemon's identity, where the system has one. A sandbox that an earlier version has started recorded none: there it is
    /// that of the process with its pid and (nearly) its start time. Null: there is none.</summary>
    public static ProcessIdentity? IdentityOf(SandboxNode node)
    {
        if (!HasIdentities || node.ProcessIdentity.Length > 0)
        {
            return ProcessIdentity.Parse(node.ProcessIdentity);
        }
        using var process = Find(node.ProcessId, node.StartedAt);
        return process is null ? null : ProcessIdentity.Of(process.Id);
    }

    /// <summary>Asks the daemon to end, and kills it after <paramref name="grace"/>. True when it has ended.</summary>
    public static async Task<bool> StopAsync(SandboxNode node, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (HasIdentities)
        {
            return IdentityOf(node) is not { } identity || await StopAsync(identity, grace, cancellationToken);
        }
        using var process = Find(node.ProcessId, node.StartedAt);
        if (process is null)
        {
            return true;
        }
        Signal(process, ProcessSignal.Term);
        if (!await ExitedAsync(process, grace, cancellationToken))
        {
            Signal(process, ProcessSignal.Kill);
            return await ExitedAsync(process, TimeSpan.FromSeconds(5), cancellationToken);
        }
        return true;
    }

    /// <summary>Asks this very process to end, and kills it after <paramref name="grace"/>. True when it has ended.</summary>
    public static async Task<bool> StopAsync(ProcessIdentity process, TimeSpan grace, CancellationToken cancellationToken)
    {
        foreach (var (signal, limit) in ((int, TimeSpan)[])[(ProcessSignal.Term, grace), (ProcessSignal.Kill, TimeSpan.FromSeconds(5))])
        {
            ProcessSignal.Send(process, signal);
            var begin = TimeProvider.System.GetTimestamp();
            do
            {
                if (!process.IsAlive)
                {
                    return true;
                }
                await AsyncTask.Delay(LookInterval, cancellationToken);
            } while (TimeProvider.System.GetElapsedTime(begin) < limit);
        }
        return !process.IsAlive;
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
