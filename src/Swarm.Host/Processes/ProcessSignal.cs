using System.Runtime.InteropServices;

namespace Swarm.Host.Processes;

/// <summary>Sends signals on Linux. A pid alone is never enough: the kernel gives it to another process once its own has ended.</summary>
public static partial class ProcessSignal
{
    public const int Kill = 9;
    public const int Term = 15;

    // Numbers of system calls are the same on all architectures since Linux 5.0. Source: the kernel's syscall tables.
    private const int PidfdSendSignal = 424;
    private const int PidfdOpen = 434;

    /// <summary>The error of a call for a process that does not exist. Source: errno(3).</summary>
    private const int NoSuchProcess = 3;

    /// <summary>Sends a signal to this very process, and to nobody that has its pid by now.</summary>
    /// <returns>False when the process does not run (any more), or this user may not signal it.</returns>
    public static bool Send(ProcessIdentity process, int signal)
    {
        if (process.Pid <= 0)
        {
            return false;
        }
        var descriptor = SystemCall(PidfdOpen, process.Pid, 0, 0, 0);
        if (descriptor < 0)
        {
            // A kernel before 5.3, or a filter of system calls, has no descriptors of processes.
            return Marshal.GetLastPInvokeError() != NoSuchProcess && process.IsAlive && SendToPid(process.Pid, signal) == 0;
        }
        try
        {
            // The descriptor was opened first. If the process that has the pid now is the one that is meant, the descriptor is its own.
            return process.IsAlive && SystemCall(PidfdSendSignal, descriptor, signal, 0, 0) == 0;
        }
        finally
        {
            _ = Close((int)descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendToPid(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
