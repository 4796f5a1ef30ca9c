using System.Net;
using Swarm.Host.Systems;

namespace Swarm.Host.Tests.Hosting;

/// <summary>A host of recorded answers, for systems that are not available here. It records the commands.</summary>
internal sealed class RecordedSystem : IHostSystem
{
    public List<string> Ran { get; } = [];
    public Dictionary<string, string> Files { get; } = [];
    public HashSet<string> Programs { get; } = [];

    /// <summary>Answers by the beginning of a command; the longest match answers.</summary>
    public Dictionary<string, ToolResult> Answers { get; } = [];

    /// <summary>Null: the system does not report it.</summary>
    public VolumeSpace? Disk { get; init; } = new(100L << 30, 200L << 30);
    public ListeningPorts Ports { get; init; } = new(new HashSet<int>(), new HashSet<int>());
    public IReadOnlyList<IPAddress> OwnAddresses { get; init; } = [IPAddress.Parse("10.0.0.5")];
    public bool IsWindows { get; init; }
    public bool IsAdministrator { get; init; } = true;

    public string? Find(string program) => Programs.Contains(program) ? $"/usr/bin/{program}" : null;

    public Task<ToolResult> RunAsync(ToolCommand command, CancellationToken cancellation)
    {
        var text = command.ToString();
        Ran.Add(text);
        var key = Answers.Keys.Where(k => text.StartsWith(k, StringComparison.Ordinal)).MaxBy(k => k.Length);
        return Task.FromResult(key is null ? new ToolResult(0, "", "") : Answers[key]);
    }

    public string? Read(string path) => Files.GetValueOrDefault(path);

    public void Write(string path, string text) => Files[path] = text;

    public void Delete(string path) => Files.Remove(path);

    public bool Exists(string path) => Files.ContainsKey(path) || Files.Keys.Any(f => f.StartsWith(path + "/", StringComparison.Ordinal));

    public VolumeSpace Space(string path) => Disk ?? throw new IOException("Input/output error");

    public ListeningPorts Listening() => Ports;

    public IReadOnlyList<IPAddress> Addresses() => OwnAddresses;
}
