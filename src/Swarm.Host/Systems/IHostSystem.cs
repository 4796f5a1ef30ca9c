using System.Net;

namespace Swarm.Host.Systems;

/// <summary>The machine as this library sees it: its programs and a few text files. Tests replace it by a recorded one, or by one in
/// namespaces.</summary>
public interface IHostSystem
{
    bool IsWindows { get; }

    /// <summary>root, or a member of the administrators with elevation.</summary>
    bool IsAdministrator { get; }

    /// <summary>Full path of a program, or null. Looks in the system folders too, which the PATH of a service or of a user often lacks.</summary>
    string? Find(string program);

    /// <summary>Runs a program to its end. Messages are in English (LC_ALL=C), because this library reads them.</summary>
    /// <exception cref="HostException">ToolNotFound, ToolTimeout.</exception>
    Task<ToolResult> RunAsync(ToolCommand command, CancellationToken cancellation);

    /// <summary>A text file, or null when there is none.</summary>
    string? Read(string path);

    /// <summary>Replaces a text file at once (never half-written), keeping its mode; creates it and its folder when missing.</summary>
    void Write(string path, string text);

    void Delete(string path);

    /// <summary>True when the file or folder exists.</summary>
    bool Exists(string path);

    /// <summary>The space of the file system that holds a path.</summary>
    /// <exception cref="IOException">The system does not report it.</exception>
    VolumeSpace Space(string path);

    ListeningPorts Listening();

    /// <summary>IPv4 addresses by which other hosts may reach this one, without those of loopback and of an engine's bridges.</summary>
    IReadOnlyList<IPAddress> Addresses();
}
