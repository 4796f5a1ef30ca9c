using Grpc.Core;
using Swarm.Daemon.Tests.Endpoints;
using Swarm.Daemon.Tests.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>Messages that cannot be read, and names that are too long. Each is refused in a status of a bounded size, and the log stays short.</summary>
[Collection(ProcessTests.Name)]
public sealed class AnonymousGarbageTests : AttackedManager
{
    [Fact]
    public async Task A_thousand_calls_of_one_byte_are_refused_in_a_few_short_lines()
    {
        using var stranger = GrpcPeer.OfPort(Manager.Address);
        for (var i = 0; i < 1000; i++)
        {
            // A field of which nothing follows.
            Assert.Equal(
                (StatusCode.InvalidArgument, "MalformedMessage"),
                await stranger.CallAsync(GrpcPeer.GetRootCertificate, GrpcPeer.Message(0x0a), Cancel)
            );
        }
        await AssertShortLogAsync(GrpcPeer.GetRootCertificate);
    }

    [Fact]
    public async Task No_method_writes_a_stack_trace_for_a_malformed_message()
    {
        using var peer = GrpcPeer.OfSocket(Manager.Socket);
        foreach (var method in ProtoServices.Control.SelectMany(static s => s.Methods).Select(ProtoServices.PathOf))
        {
            // In turn: a field of which nothing follows, a byte that is no head of a message, an unknown mark of compression.
            foreach (var body in new[] { GrpcPeer.Message(0x0a), new ByteArrayContent([0]), new ByteArrayContent([7, 0, 0, 0, 1, 0]) })
            {
                using (body)
                {
                    var (code, errorId) = await peer.CallAsync(method, body, Cancel);
                    Assert.Equal((method, StatusCode.InvalidArgument, "MalformedMessage"), (method, code, errorId));
                }
            }
        }
        await AssertShortLogAsync(ProtoServices.PathOf(ProtoServices.Control[0].Methods[0]));
    }

    [Fact]
    public async Task A_name_of_70000_characters_is_refused_with_a_message_that_arrives()
    {
        foreach (var name in new[] { new string('x', 70_000), new string('ü', 70_000) })
        {
            var e = await Assert.ThrowsAsync<RpcException>(() =>
                Manager
                    .Control.Services.CreateServiceAsync(
                        new V1.CreateServiceRequest
                        {
                            Spec = new V1.ServiceSpec
                            {
                                Name = name,
                                Container = new V1.ContainerSpec { Image = "alpine" },
                            },
                        },
                        cancellationToken: Cancel
                    )
                    .ResponseAsync
            );
            Assert.Equal((StatusCode.InvalidArgument, "InvalidName"), (e.StatusCode, e.Trailers.GetValue("swarm-error-id")));
            Assert.InRange(e.Status.Detail.Length, 1, 2048);
        }
    }

    private async Task AssertShortLogAsync(string method)
    {
        // The log has come through its pipe when swarmd has ended.
        Assert.Equal(0, await Manager.TerminateAsync());
        var about = Manager.Output.Where(static l => l.Contains("cannot be read", StringComparison.Ordinal)).ToList();
        Assert.InRange(about.Count, 1, 10);
        Assert.Contains(method, about[0], StringComparison.Ordinal);
        Assert.All(about, static l => Assert.InRange(l.Length, 1, 400));
        Assert.DoesNotContain(Manager.Output, static l => l.Contains("   at ", StringComparison.Ordinal));
    }
}
