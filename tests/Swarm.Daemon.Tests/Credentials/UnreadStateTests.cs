using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Membership;
using Swarm.Daemon.Tests.Manager;
using Swarm.Manager;
using Swarm.Security;
using Swarm.Security.Certificates;

namespace Swarm.Daemon.Tests.Credentials;

/// <summary>A manager that has not read its state yet knows neither what was revoked nor which nodes there are.</summary>
public sealed class UnreadStateTests : IAsyncLifetime
{
    private const string NodeId = "node1";

    private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;
    private CertificateAuthority _authority = null!;
    private ManagerRuntime _manager = null!;
    private InMemoryLog _log = null!;
    private IStateMachinePort _state = null!;
    private ClusterCredentials _credentials = null!;

    public async ValueTask InitializeAsync()
    {
        var (certificate, key) = CertificateAuthority.CreateRoot(_now);
        _authority = new CertificateAuthority(certificate, key);
        _manager = await ManagerRuntime.StartAsync(
            new ManagerRuntimeOptions
            {
                NodeId = TestManager.Self,
                ClusterAddress = "127.0.0.1:2377",
                CreateLog = port =>
                {
                    _state = port;
                    _log = new InMemoryLog(port);
                    _log.SetLeader(false);
                    return _log;
                },
                ResolveImage = static (_, _, _) => Task.FromResult<ResolvedImage?>(null),
                LoggerFactory = NullLoggerFactory.Instance,
            },
            TestContext.Current.CancellationToken
        );
        _credentials = new ClusterCredentials(Identity(TestManager.Self, CertificateRole.Manager), TimeProvider.System);
        RevocationWatch.Follow(_manager, _credentials);
    }

    public async ValueTask DisposeAsync()
    {
        await _manager.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public void It_refuses_administrators_with_an_error_that_passes_and_lets_them_say_hello()
    {
        var alice = Identity("alice", CertificateRole.Admin).Certificate;
        var mallory = Identity("mallory", CertificateRole.Admin).Certificate;
        foreach (var certificate in (X509Certificate2[])[alice, mallory])
        {
            Assert.Equal("NoLeader", Refused(certificate, "/swarm.v1.Clusters/GetCluster"));
            Assert.Null(Authorization().Member(certificate));
            var refused = new List<CertificateVerdict>();
            var options = _credentials.ServerOptions(refused.Add);
            Assert.True(options.RemoteCertificateValidationCallback!(this, certificate, null, default));
            Assert.Empty(refused);
        }
        Recover();
        Authorize(alice, "/swarm.v1.Clusters/GetCluster");
        Assert.NotNull(Authorization().Member(alice));
        Assert.Equal("CertificateNotValid", Refused(mallory, "/swarm.v1.Clusters/GetCluster"));
        // To stand behind another one takes nothing back.
        _log.SetLeader(false);
        Authorize(alice, "/swarm.v1.Clusters/GetCluster");
    }

    /// <summary>A node that is told of its removal ends its tasks, and forgets the swarm.</summary>
    [Fact]
    public void It_tells_no_node_that_it_was_removed()
    {
        var node = Identity(NodeId, CertificateRole.Worker).Certificate;
        var manager = Identity(NodeId, CertificateRole.Manager).Certificate;
        var (_, request) = NodeIdentity.CreateRequest();
        Assert.Equal("NoLeader", Refused(node, "/swarm.v1.Dispatcher/Session"));
        Assert.Equal("NoLeader", Refused(manager, "/swarm.v1.Clusters/GetCluster"));
        Assert.Equal(
            "NoLeader",
            Assert.Throws<SwarmException>(() => CertificateAuthorityService.RenewOwn(_manager, request, TimeProvider.System)).ErrorId
        );
        Recover();
        Authorize(node, "/swarm.v1.Dispatcher/Session");
        Authorize(manager, "/swarm.v1.Clusters/GetCluster");
        _state.Apply([new StateChange.NodeRemove(NodeId)], 2);
        Assert.Equal("NodeRemoved", Refused(node, "/swarm.v1.Dispatcher/Session"));
        Assert.Equal(
            "NodeRemoved",
            Assert.Throws<SwarmException>(() => CertificateAuthorityService.RenewOwn(_manager, request, TimeProvider.System)).ErrorId
        );
    }

    [Fact]
    public async Task A_manager_that_has_stopped_accepts_no_administrator()
    {
        Recover();
        var alice = Identity("alice", CertificateRole.Admin).Certificate;
        Assert.Equal(CertificateFault.None, _credentials.Judge(alice).Fault);
        await _manager.DisposeAsync();
        Assert.Equal(CertificateFault.Revoked, _credentials.Judge(alice).Fault);
    }

    /// <summary>All that was committed before the start arrives, and this manager leads.</summary>
    private void Recover()
    {
        _state.Apply(
            [
                new StateChange.NodeCreate(TestManager.NewNode(NodeId)),
                new StateChange.CredentialNameRevoke("mallory", _now + TimeSpan.FromMinutes(1)),
            ],
            1
        );
        _log.SetLeader(true);
    }

    private PeerAuthorization Authorization() => new(_credentials, Swarm.Daemon.Endpoints.ClusterHost.MembersOf(() => _manager));

    private void Authorize(X509Certificate2 certificate, string method)
    {
        var context = new DefaultHttpContext();
        context.Connection.ClientCertificate = certificate;
        Authorization().Authorize(context, method);
    }

    private string Refused(X509Certificate2 certificate, string method)
    {
        var refused = Assert.Throws<SwarmException>(() => Authorize(certificate, method));
        Assert.Equal(refused.ErrorId == "NoLeader" ? SwarmErrorKind.Unavailable : SwarmErrorKind.PermissionDenied, refused.Kind);
        return refused.ErrorId;
    }

    private NodeIdentity Identity(string name, CertificateRole role)
    {
        var (key, request) = NodeIdentity.CreateRequest();
        var certificate = _authority.Sign(request, new PeerIdentity(name, role, "cluster1"), TimeSpan.FromDays(1), _now);
        return NodeIdentity.Create(certificate, key, _authority.RootCertificate);
    }
}
