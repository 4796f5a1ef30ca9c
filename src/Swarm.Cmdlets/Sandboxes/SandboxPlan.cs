using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Plans a sandbox's nodes: names, addresses, sockets and their share of this machine.</summary>
internal static class SandboxPlan
{
    private const int ClusterPort = 2377;

    /// <param name="claim">Keeps the addresses until the nodes listen on them.</param>
    public static SandboxNode[] Nodes(
        string sandbox,
        string path,
        int workers,
        DaemonProgram program,
        SandboxExecutor executor,
        IReadOnlyDictionary<string, string[]> labels,
        out AddressClaim claim
    )
    {
        string[] names = ["manager1", .. Enumerable.Range(1, workers).Select(i => $"worker{i}")];
        var addresses = Addresses(names.Length, path, out claim);
        return [.. names.Select((name, i) => Node(sandbox, path, name, addresses[i], names.Length, program, executor, labels))];
    }

    private static SandboxNode Node(
        string sandbox,
        string path,
        string name,
        string address,
        int count,
        DaemonProgram program,
        SandboxExecutor executor,
        IReadOnlyDictionary<string, string[]> labels
    )
    {
        var state = Path.Combine(path, name);
        var socket = Path.Combine(path, name + ".sock");
        List<string> command =
        [
            program.FileName,
            .. program.Arguments,
            "--state-dir",
            state,
            "--socket",
            socket,
            "--listen",
            address,
            "--advertise",
            address,
            "--hostname",
            name,
            "--executor",
            executor.ToString(),
            "--resources",
            Share(count),
        ];
        if (program.Images is not null)
        {
            command.AddRange(["--images", program.Images]);
        }
        foreach (var label in labels.GetValueOrDefault("", []).Concat(labels.GetValueOrDefault(name, [])))
        {
            command.AddRange(["--label", label]);
        }
        return new SandboxNode
        {
            Name = name,
            Sandbox = sandbox,
            Socket = socket,
            Address = address,
            StateDirectory = state,
            LogPath = Path.Combine(path, name + ".log"),
            CommandLine = [.. command],
        };
    }

    private static string Share(int count)
    {
        var cpus = Math.Round((decimal)Environment.ProcessorCount / count, 2);
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / count;
        return string.Create(CultureInfo.InvariantCulture, $"cpu={cpus},memory={memory}");
    }

    // Each node gets an address of its own where the system has 127.0.0.0/8, else a port of its own.
    private static string[] Addresses(int count, string path, out AddressClaim claim)
    {
        for (var third = 0; third < 250; third++)
        {
            var candidates = Enumerable
                .Range(11, count)
                .Select(last => new IPEndPoint(new IPAddress([127, 0, (byte)third, (byte)last]), ClusterPort));
            if (count < 240 && AddressClaim.TryTake((byte)third, ClusterPort, path, () => candidates.All(IsFree)) is { } taken)
            {
                claim = taken;
                return [.. candidates.Select(c => c.ToString())];
            }
            if (third == 0 && !IsFree(new IPEndPoint(new IPAddress([127, 0, 0, 11]), 0)))
            {
                break;
            }
        }
        claim = AddressClaim.None;
        return [.. FreePorts(count).Select(p => $"127.0.0.1:{p}")];
    }

    private static bool IsFree(IPEndPoint endPoint)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static List<int> FreePorts(int count)
    {
        // All listeners stay open until the last port is known, so that no port is assigned twice.
        List<TcpListener> held = [];
        try
        {
            for (var i = 0; i < count; i++)
            {
                var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                held.Add(listener);
            }
            return [.. held.Select(h => ((IPEndPoint)h.LocalEndpoint).Port)];
        }
        finally
        {
            held.ForEach(h => h.Dispose());
        }
    }
}
