using System.Runtime.InteropServices;

namespace Swarm.Host.Processes;

/// <summary>Becomes a program whose descendants cannot leave it: those that lose their parent become its own children, and not those of
/// pid 1. Source: prctl(2), PR_SET_CHILD_SUBREAPER.</summary>
/// <remarks>A shell cannot ask the kernel for that, so swarmd does and then executes the shell. That costs the start of a swarmd, so it
/// is only used where tasks have no control groups.</remarks>
public static partial class OrphanAdopter
{
    /// <summary>The argument of swarmd before the command to become.</summary>
    public const string Verb = "adopt-orphans";

    /// <summary>The exit code for a command that cannot be executed. Source: the shell's convention.</summary>
    private const int NotExecuted = 126;

    private const int SetChildSubreaper = 36;
    private const int BrokenPipe = 13;

    /// <summary>Executes the command with PATH as its only variable; returns only when that fails.</summary>
    /// <param name="command">The path of the program, and its arguments.</param>
    /// <returns>An exit code.</returns>
    public static int Become(IReadOnlyList<string> command)
    {
        // Without it the command is no worse off than any other program: its orphans leave it.
        _ = Control(SetChildSubreaper, 1, 0, 0, 0);
        // .NET ignores this signal, and what is ignored stays so in another program.
        _ = SetHandler(BrokenPipe, 0);
        _ = Execute(command[0], [.. command, null], ["PATH=" + Environment.GetEnvironmentVariable("PATH"), null]);
        return NotExecuted;
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint SetHandler(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string program, string?[] arguments, string?[] environment);
}
