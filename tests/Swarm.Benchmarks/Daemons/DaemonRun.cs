using System.Net;
using System.Net.Sockets;
using Swarm.Protocol.V1;

namespace Swarm.Benchmarks.Daemons;

/// <summary>A run: two daemons start, become manager and worker, idle, stop, and start again.</summary>
internal sealed class DaemonRun
{
    /// <summary>Milliseconds until ready.</summary>
    public double[] Fresh { get; private set; } = [];

    /// <summary>Milliseconds of processor time until ready.</summary>
    public double[] FreshProcessor { get; private set; } = [];
    public double ManagerAgain { get; private set; }
    public double WorkerAgain { get; private set; }

    /// <summary>Millions of bytes.</summary>
    public (double Resident, double Anonymous) Outside { get; private set; }
    public (double Resident, double Anonymous) Manager { get; private set; }
    public (double Resident, double Anonymous) Worker { get; private set; }

    public DaemonRun Measure(string program, TimeSpan idle, string executor)
    {
        var root = Path.Combine(Path.GetTempPath(), "swarm-bench-" + Guid.NewGuid().ToString("N")[..8]);
        var managerAddress = FreeAddress();
        try
        {
            using var manager = new DaemonUnderTest(program, Path.Combine(root, "manager"), managerAddress, executor);
            using var worker = new DaemonUnderTest(program, Path.Combine(root, "worker"), FreeAddress(), executor);
            Fresh = [manager.Start().TotalMilliseconds, worker.Start().TotalMilliseconds];
            FreshProcessor = [manager.ProcessorUntilReady.TotalMilliseconds, worker.ProcessorUntilReady.TotalMilliseconds];
            Thread.Sleep(idle);
            Outside = Megabytes(worker.Memory());
            var swarm = manager.Client.Membership.InitSwarm(new InitSwarmRequest { RequestId = "init" });
            worker.Client.Membership.JoinSwarm(
                new JoinSwarmRequest
                {
                    RequestId = "join",
                    Token = swarm.Tokens.Worker,
                    RemoteAddresses = { managerAddress },
                }
            );
            Thread.Sleep(idle);
            Manager = Megabytes(manager.Memory());
            Worker = Megabytes(worker.Memory());
            worker.Stop();
            WorkerAgain = worker.Start().TotalMilliseconds;
            manager.Stop();
            ManagerAgain = manager.Start().TotalMilliseconds;
            worker.Stop();
            manager.Stop();
        }
        finally
        {
            if (Directory.Exists(root))
            {
                Directory.Delete(root, recursive: true);
            }
        }
        return this;
    }

    private static (double, double) Megabytes((long Resident, long Anonymous) bytes) => (bytes.Resident / 1e6, bytes.Anonymous / 1e6);

    public static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener.LocalEndpoint.ToString()!;
    }
}
