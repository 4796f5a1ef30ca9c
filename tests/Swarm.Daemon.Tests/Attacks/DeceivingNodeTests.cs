using Google.Protobuf;
using Grpc.Core;
using Swarm.Daemon.Tests.Processes;
using Swarm.Security;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>Nodes that say wrong things of themselves: nothing of it reaches a terminal or the log, and none takes another's name.</summary>
[Collection(ProcessTests.Name)]
public sealed class DeceivingNodeTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-p-").FullName;
    private SwarmdNode _manager = null!;
    private string _token = "";
    private byte[] _root = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals and sockets as on Linux.");
        _manager = new SwarmdNode(_directory, "manager1", "Simulated");
        await _manager.StartAsync();
        var made = await _manager.Control.Membership.InitSwarmAsync(new(), cancellationToken: Cancel);
        _token = made.Tokens.Worker;
        _root = await CertificateAuthorityClient.GetRootCertificateAsync(_manager.Address, JoinToken.Parse(_token), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_manager is not null)
        {
            await _manager.DisposeAsync();
        }
        Directory.Delete(_directory, recursive: true);
    }

    private Task<V1.IssueNodeCertificateResponse> JoinAsync(string hostname, string address = "") =>
        CertificateAuthorityClient.JoinAsync(
            _manager.Address,
            _root,
            new V1.IssueNodeCertificateRequest
            {
                Token = _token,
                CertificateRequest = ByteString.CopyFrom(NodeIdentity.CreateRequest().CertificateRequest),
                Hostname = hostname,
                Address = address,
            },
            TimeProvider.System,
            Cancel
        );

    [Theory]
    [InlineData("w1\u001b[2J", "")]
    [InlineData("w1\u001b]0;title\u0007", "")]
    [InlineData("w1\nForged: line", "")]
    [InlineData("w1\u009b31m", "")]
    [InlineData("w1", "10.0.0.1\u001b[2J")]
    [InlineData("w1\u200b", "")]
    [InlineData("w\u20601", "")]
    [InlineData("w1\U000E0041", "")]
    [InlineData("w1", "10.0.0.1\ufeff")]
    public async Task Control_characters_and_those_that_nobody_sees_are_refused_and_are_in_no_log(string hostname, string address)
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => JoinAsync(hostname, address));
        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
        Assert.Single(await NodesAsync());
        Assert.Equal(0, await _manager.TerminateAsync());
        Assert.All(_manager.Output, static l => Assert.True(VisibleText.IsPlain(l), VisibleText.OfName(l)));
        Assert.DoesNotContain(_manager.Output, static l => l.StartsWith("Forged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_newcomer_does_not_get_the_name_of_a_node_that_is_down()
    {
        var first = await JoinAsync("w1");
        var second = await JoinAsync("w1");
        var names = (await NodesAsync()).ToDictionary(static n => n.Id, static n => n.Name);
        Assert.Equal("w1", names[first.NodeId]);
        Assert.NotEqual("w1", names[second.NodeId]);
        Assert.StartsWith("w1", names[second.NodeId], StringComparison.Ordinal);
    }

    private async Task<List<V1.Node>> NodesAsync()
    {
        using var call = _manager.Control.Nodes.ListNodes(new(), cancellationToken: Cancel);
        return await Deadline.WaitAsync(call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel), "the list of nodes");
    }
}
