using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Consensus;
using Swarm.Control.Objects;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Manager;

namespace Swarm.Daemon.Tests.Manager;

/// <summary>The manager over the real log on a disk.</summary>
public sealed class DurableManagerTests
{
    [Fact]
    public async Task A_restarted_manager_has_its_services_and_answers_retries_from_the_record()
    {
        var cancel = TestContext.Current.CancellationToken;
        var directory = Directory.CreateTempSubdirectory("swarm-test-").FullName;
        try
        {
            var request = ApiRequests.Create("web", 3);
            string id;
            var first = await StartAsync(directory, cancel);
            await using (first)
            {
                id = (await new ServicesApi(first.Objects).CreateService(request, new DirectCall(cancel))).Service.Id;
            }
            await using var second = await StartAsync(directory, cancel);
            Assert.Equal(id, second.State.Read(s => s.FindServiceByName("web")!.Id));
            Assert.Equal("cluster1", second.State.Read(s => s.Cluster!.Id));
            Assert.Equal(id, (await new ServicesApi(second.Objects).CreateService(request, new DirectCall(cancel))).Service.Id);
            Assert.Single(second.State.Read(s => s.Services));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<ManagerRuntime> StartAsync(string directory, CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow;
        var cluster = new Cluster
        {
            Id = "cluster1",
            CreatedAt = now,
            UpdatedAt = now,
            RootCertificate = [1],
            RootKey = [2],
            WorkerJoinSecret = "w",
            ManagerJoinSecret = "m",
        };
        var options = new ReplicatedLogOptions
        {
            Directory = Path.Combine(directory, "log"),
            Address = "127.0.0.1:2377",
            DataKey = new byte[32],
        };
        return ManagerRuntime.StartAsync(
            new ManagerRuntimeOptions
            {
                NodeId = TestManager.Self,
                ClusterAddress = "127.0.0.1:2377",
                CreateLog = port => ReplicatedLog.Create(options, port, NullLoggerFactory.Instance),
                ResolveImage = static (_, _, _) => Task.FromResult<ResolvedImage?>(null),
                LoggerFactory = NullLoggerFactory.Instance,
                Bootstrap = [new StateChange.ClusterSet(cluster), new StateChange.NodeCreate(TestManager.NewNode(TestManager.Self))],
            },
            cancellation
        );
    }
}
