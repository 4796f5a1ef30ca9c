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
            property.PropertyType == typeof(string) ? ["a\e[31m", "a\u200Bb", "a\U000E0041", "a\u200D", "👩\u200D"]
            : property.PropertyType == typeof(ValueMap)
                ?
                [
                    ValueMap.From([KeyValuePair.Create("a\e[31m", "b")]),
                    ValueMap.From([KeyValuePair.Create("a", "b\u202E")]),
                    ValueMap.From([KeyValuePair.Create("👩\u200D💻", "b")]),
                ]
            : [new ValueList<string>(["good", "a\u009b"]), new ValueList<string>(["a\u2060"])];
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
    public void An_emoji_that_is_composed_of_others_stays_in_texts_that_are_no_names()
    {
        const string Emoji = "👩\u200D💻 and ❤\uFE0F";
        var description = new NodeDescription
        {
            Os = Emoji,
            Warnings = [Emoji],
            EngineLabels = ValueMap.From([KeyValuePair.Create("a", Emoji)]),
        };
        NodeTexts.Validate(description);
        Assert.Equal(description, NodeTexts.Visible(description));
        var named = NodeTexts.Visible(description with { Hostname = Emoji });
        Assert.Equal(@"👩\u200D💻 and ❤\uFE0F", named.Hostname);
        NodeTexts.Validate(named);
    }

    [Fact]
    public void A_plain_description_stays_as_it_is()
    {
        var description = new NodeDescription { Hostname = "wörker 1", Plugins = ["Network/bridge"] };
        NodeTexts.Validate(description);
        Assert.Same(description, NodeTexts.Visible(description));
    }
}
