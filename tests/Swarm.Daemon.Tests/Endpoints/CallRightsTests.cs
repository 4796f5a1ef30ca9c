using Swarm.Security;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Endpoints;

/// <summary>The table of rights against the .proto files.</summary>
public sealed class CallRightsTests
{
    [Fact]
    public void Every_method_of_the_proto_files_has_a_row_and_every_row_is_a_method()
    {
        var methods = ProtoServices.All.SelectMany(s => s.Methods).Select(ProtoServices.PathOf);
        Assert.Equal(methods.Order(StringComparer.Ordinal), CallRights.All.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_method_without_a_row_is_nobodys() => Assert.Equal(CallRight.ThisHost, CallRights.Of("/swarm.v1.Nodes/Destroy"));

    [Fact]
    public void Membership_is_for_this_host_and_the_rest_of_the_control_api_for_administrators()
    {
        foreach (var method in ProtoServices.Control.SelectMany(s => s.Methods))
        {
            var expected = method.Service.Name == V1.Membership.Descriptor.Name ? CallRight.ThisHost : CallRight.Administrator;
            Assert.Equal((method.Name, expected), (method.Name, CallRights.Of(ProtoServices.PathOf(method))));
        }
    }
}
