using System.Collections;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Tests.Parameters;

public sealed class PortParserTests
{
    [Theory]
    [InlineData("80:8080/tcp", 80, 8080, PortProtocol.Tcp, PublishMode.Ingress)]
    [InlineData("53:53/udp", 53, 53, PortProtocol.Udp, PublishMode.Ingress)]
    [InlineData("8080", 0, 8080, PortProtocol.Tcp, PublishMode.Ingress)]
    [InlineData("published=80,target=8080,protocol=sctp,mode=host", 80, 8080, PortProtocol.Sctp, PublishMode.Host)]
    public void Port_is_read(string text, int published, int target, PortProtocol protocol, PublishMode mode)
    {
        var port = PortParser.Parse(text);
        Assert.Equal((published, target, protocol, mode), (port.Published, port.Target, port.Protocol, port.Mode));
    }

    [Fact]
    public void Numbers_and_hashtables_are_read()
    {
        Assert.Equal((0, 80), (PortParser.Parse(80).Published, PortParser.Parse(80).Target));
        var port = PortParser.Parse(
            new Hashtable
            {
                ["Target"] = 80,
                ["Published"] = 8080,
                ["Mode"] = "Host",
            }
        );
        Assert.Equal((8080, 80, PublishMode.Host), (port.Published, port.Target, port.Mode));
    }

    [Theory]
    [InlineData("127.0.0.1:80:80", "names an address")]
    [InlineData("80:80/icmp", "'icmp' is none of tcp, udp, sctp")]
    [InlineData("0", "ports are numbers from 1 to 65535")]
    [InlineData("80:70000", "ports are numbers from 1 to 65535")]
    [InlineData("http", "'http' is no number")]
    [InlineData("port=80", "unknown key 'port'")]
    [InlineData("1:2:3:4", "is not a port")]
    public void What_is_no_port_is_refused_with_its_reason(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => PortParser.Parse(text)).Message, StringComparison.Ordinal);
}
