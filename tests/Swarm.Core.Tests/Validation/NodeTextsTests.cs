using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Validation;

namespace Swarm.Core.Tests.Validation;

public sealed class NodeTextsTests
{
    /// <summary>A text of a description that is added tomorrow is looked at too.</summary>
    public static TheoryData<string> Properties =>
        [
            .. typeof(NodeDescription)
                .GetProperties()
                .Where(p =>
                    p.PropertyType == typeof(string) || p.PropertyType == typeof(ValueList<string>) || p.PropertyType == typeof(ValueMap)
                )
                .Where(p => p.CanWrite)
                .Select(p => p.Name),
        ];

    [Theory]
    [MemberData(nameof(Properties))]
    public void A_control_character_is_refused_and_can_be_made_visible(string name)
    {
        var property = typeof(NodeDescription).GetProperty(name)!;
        object[] hostile =
            property.PropertyType == typeof(string) ? ["a\e[31m"]
            : property.PropertyType == typeof(ValueMap)
                ? [ValueMap.From([KeyValuePair.Create("a\e[31m", "b")]), ValueMap.From([KeyValuePair.Create("a", "b\u202E")])]
            : [new ValueList<string>(["good", "a\u009b"])];
        foreach (var value in hostile)
        {
            var description = new NodeDescription();
            property.SetValue(description, value);
            var refused = Assert.Throws<SwarmException>(() => NodeTexts.Validate(description));
            Assert.Equal((SwarmErrorKind.InvalidArgument, "InvalidText"), (refused.Kind, refused.ErrorId));
            Assert.True(VisibleText.IsPlain(refused.Message));
            NodeTexts.Validate(NodeTexts.Visible(description));
        }
    }

    [Fact]
    public void A_plain_description_stays_as_it_is()
    {
        var description = new NodeDescription { Hostname = "wörker 1", Plugins = ["Network/bridge"] };
        NodeTexts.Validate(description);
        Assert.Same(description, NodeTexts.Visible(description));
    }
}
