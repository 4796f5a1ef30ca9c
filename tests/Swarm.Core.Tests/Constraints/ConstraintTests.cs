using Swarm.Core.Constraints;
using Swarm.Core.Model;

namespace Swarm.Core.Tests.Constraints;

public sealed class ConstraintTests
{
    private static readonly Node Node = new()
    {
        Id = "2qkvr0axnrsvjbf5b1a6a4h2b",
        CreatedAt = DateTimeOffset.UnixEpoch,
        UpdatedAt = DateTimeOffset.UnixEpoch,
        Role = NodeRole.Worker,
        Spec = new NodeSpec { Role = NodeRole.Manager, Labels = ValueMap.Empty.With("zone", "East 1").With("Disk", "ssd") },
        Description = new NodeDescription
        {
            Hostname = "worker1",
            Os = "linux",
            Architecture = "x86_64",
            EngineLabels = ValueMap.Empty.With("com.example.storage", "ssd"),
        },
        Status = new NodeStatus { Address = "10.1.2.3" },
    };

    [Theory]
    [InlineData("node.id==2qkvr0axnrsvjbf5b1a6a4h2b", true)]
    [InlineData("node.id == 2QKVR0AXNRSVJBF5B1A6A4H2B", true)]
    [InlineData("node.id!=2qkvr0axnrsvjbf5b1a6a4h2b", false)]
    [InlineData("NODE.Hostname==WORKER1", true)]
    [InlineData("node.hostname==worker*", false)]
    [InlineData("node.role==worker", true)]
    [InlineData("node.role==Manager", false)]
    [InlineData("node.role != manager", true)]
    [InlineData("node.platform.os==Linux", true)]
    [InlineData("node.platform.arch!=x86_64", false)]
    [InlineData("node.labels.zone==east 1", true)]
    [InlineData("node.labels.Zone==east 1", false)]
    [InlineData("node.labels.Disk==SSD", true)]
    [InlineData("node.labels.missing==x", false)]
    [InlineData("node.labels.missing!=x", true)]
    [InlineData("engine.labels.com.example.storage==ssd", true)]
    [InlineData("engine.labels.com.example.storage!=ssd", false)]
    [InlineData("Engine.Labels.zone==east 1", false)]
    [InlineData("engine.labels.zone!=east 1", true)]
    [InlineData("node.ip==10.1.2.3", true)]
    [InlineData("node.ip==::ffff:10.1.2.3", true)]
    [InlineData("node.ip!=10.1.2.3", false)]
    [InlineData("node.ip==10.1.0.0/16", true)]
    [InlineData("node.ip==10.1.2.200/24", true)]
    [InlineData("node.ip!=10.2.0.0/16", true)]
    [InlineData("node.ip==2001:db8::/32", false)]
    [InlineData("node.ip==::ffff:10.1.0.0/112", true)]
    [InlineData("node.ip==::FFFF:0a01:0203", true)]
    [InlineData("node.ip==::ffff:10.2.0.0/112", false)]
    [InlineData("node.ip==::/0", false)]
    public void Matching_follows_Docker(string expression, bool matches) =>
        Assert.Equal(matches, Constraint.Parse(expression).Matches(Node));

    [Theory]
    [InlineData("==", false)]
    [InlineData("!=", true)]
    public void What_a_node_lacks_is_never_equal(string op, bool matches)
    {
        var bare = new Node
        {
            Id = "n",
            CreatedAt = default,
            UpdatedAt = default,
        };
        foreach (var key in new[] { "node.hostname", "node.platform.os", "node.platform.arch", "node.labels.a", "engine.labels.a" })
        {
            Assert.Equal(matches, Constraint.Parse($"{key}{op}x").Matches(bare));
        }
        Assert.Equal(matches, Constraint.Parse($"node.ip{op}10.0.0.1").Matches(bare));
        Assert.Equal(matches, Constraint.Parse($"node.ip{op}10.0.0.0/8").Matches(bare));
    }

    [Fact]
    public void Parts_are_kept_without_insignificant_space()
    {
        var constraint = Constraint.Parse("  engine.labels.Rack  !=  b 7 ");
        Assert.Equal(ConstraintAttribute.EngineLabel, constraint.Attribute);
        Assert.Equal("Rack", constraint.Label);
        Assert.Equal(ConstraintOperator.NotEqual, constraint.Operator);
        Assert.Equal("b 7", constraint.Value);
        Assert.Equal("engine.labels.Rack!=b 7", constraint.Text);
    }

    [Theory]
    [InlineData("", 0, "there is no key")]
    [InlineData("   ", 3, "there is no key")]
    [InlineData("==x", 0, "there is no key")]
    [InlineData("9node==x", 0, "'9' cannot begin a key")]
    [InlineData("node.role", 9, "there is no operator; expected == or !=")]
    [InlineData("node.role ", 10, "there is no operator; expected == or !=")]
    [InlineData("node.role=manager", 9, "'=' alone is not an operator; expected == or !=")]
    [InlineData("node.role !manager", 10, "'!' alone is not an operator; expected == or !=")]
    [InlineData("node.role > manager", 10, "'>' is not an operator; expected == or !=")]
    [InlineData("node.role manager", 10, "'m' is not an operator; expected == or !=")]
    [InlineData("node/role==manager", 4, "'/' cannot be part of a key")]
    [InlineData("node.role==", 11, "there is no value")]
    [InlineData("node.role==  ", 13, "there is no value")]
    [InlineData("node.role==man~ager", 14, "'~' cannot be part of a value")]
    [InlineData("node.role===manager", 11, "'=' cannot be part of a value")]
    [InlineData("node.role==boss", 11, "'boss' is not a role; expected manager or worker")]
    [InlineData("node.labels.==x", 12, "there is no label name")]
    [InlineData(" node.zone==x", 1, "'node.zone' is not a key; expected node.id")]
    [InlineData("node.ip==worker1", 9, "'worker1' is not an address")]
    [InlineData("node.ip==10.1", 9, "'10.1' is not an address")]
    [InlineData("node.ip== 10.1.0.0/33", 10, "'10.1.0.0/33' is not an address")]
    public void Errors_say_where_and_what_was_expected(string expression, int position, string message)
    {
        var error = Assert.Throws<ConstraintSyntaxException>(() => Constraint.Parse(expression));
        Assert.Equal(position, error.Position);
        Assert.Equal(expression, error.Expression);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains($"column {position + 1}:", error.Message, StringComparison.Ordinal);
        Assert.False(Constraint.TryParse(expression, out var constraint, out var same));
        Assert.Null(constraint);
        Assert.Equal(error.Message, same.Message);
    }

    /// <summary>.NET reads octal and hexadecimal numbers, brackets and ports; Docker refuses them. 012.1.2.3 would be 10.1.2.3.</summary>
    [Theory]
    [InlineData("012.1.2.3")]
    [InlineData("10.1.02.3")]
    [InlineData("010.0.0.0/8")]
    [InlineData("0xa.1.2.3")]
    [InlineData("0x0A010203")]
    [InlineData("[2001:db8::1]")]
    [InlineData("[2001:db8::]/32")]
    [InlineData("[2001:db8::1]:80")]
    [InlineData("::ffff:012.1.2.3")]
    [InlineData("::ffff:0xa.1.2.3")]
    [InlineData("10.1.2.3/")]
    [InlineData("1.2.3.256")]
    public void An_address_that_programs_read_differently_is_none(string address)
    {
        var error = Assert.Throws<ConstraintSyntaxException>(() => Constraint.Parse("node.ip==" + address));
        Assert.Equal(9, error.Position);
        Assert.Contains($"'{address}' is not an address", error.Message, StringComparison.Ordinal);
        Assert.Contains("no leading zeros", error.Message, StringComparison.Ordinal);
    }

    /// <summary>An earlier version took these, and its services run.</summary>
    [Theory]
    [InlineData("[2001:db8::1]")]
    [InlineData("012.1.2.3")]
    [InlineData("0x0A010203")]
    public void An_address_of_a_stored_spec_may_have_the_earlier_forms(string address)
    {
        Assert.True(Constraint.TryParseStored("node.ip==" + address, out _, out _));
        Assert.False(Constraint.TryParseStored("node.ip==nowhere", out _, out var error));
        Assert.Equal(9, error.Position);
    }

    [Theory]
    [InlineData("node.labels.zone", "node.labels.zone", "East 1")]
    [InlineData("spread=node.labels.zone", "node.labels.zone", "East 1")]
    [InlineData(" Spread= Engine.Labels.com.example.storage ", "engine.labels.com.example.storage", "ssd")]
    [InlineData("node.labels.rack", "node.labels.rack", "")]
    public void Spread_descriptors_name_a_label(string expression, string text, string value)
    {
        var descriptor = SpreadDescriptor.Parse(expression);
        Assert.Equal(text, descriptor.Text);
        Assert.Equal(value, descriptor.ValueOf(Node));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("spread=", 7)]
    [InlineData("spread=node.role", 7)]
    [InlineData("binpack=node.labels.zone", 0)]
    [InlineData("node.labels.", 12)]
    [InlineData("spread=node.labels.a=b", 20)]
    public void Spread_descriptor_errors_say_where(string expression, int position)
    {
        var error = Assert.Throws<ConstraintSyntaxException>(() => SpreadDescriptor.Parse(expression));
        Assert.Equal(position, error.Position);
        Assert.False(SpreadDescriptor.TryParse(expression, out _, out _));
    }
}
