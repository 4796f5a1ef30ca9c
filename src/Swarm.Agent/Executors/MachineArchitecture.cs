using System.Runtime.InteropServices;

namespace Swarm.Agent.Executors;

/// <summary>This machine's architecture, named as in <c>docker node inspect</c>.</summary>
public static class MachineArchitecture
{
    public static string Name =>
        RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "x86_64",
            Architecture.Arm64 => "aarch64",
            Architecture.X86 => "i386",
            Architecture.Arm => "armv7l",
            var other => other.ToString().ToLowerInvariant(),
        };

    /// <summary>The same name for an engine that uses Go's names, as Podman does: constraints compare it.</summary>
    public static string NameOf(string engines) =>
        engines switch
        {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            "386" => "i386",
            "arm" => "armv7l",
            _ => engines,
        };
}
