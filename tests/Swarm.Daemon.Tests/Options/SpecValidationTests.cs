using System.Reflection;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Validation;

namespace Swarm.Daemon.Tests.Options;

/// <summary>No text of a container may have a NUL character: the kernel would cut the text there. No map may have a name that cannot be written.</summary>
public sealed class SpecValidationTests
{
    private static readonly ContainerSpec Plain = new() { Image = "redis:3.0.6" };

    public static TheoryData<string> Texts => [.. Properties(typeof(string)).Concat(Properties(typeof(ValueList<string>)))];

    public static TheoryData<string> Maps => [.. Properties(typeof(ValueMap))];

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_with_NUL_is_refused(string property) => AssertRefused(property, "/a\0b=c");

    [Theory]
    [MemberData(nameof(Maps))]
    public void An_entry_without_a_proper_name_is_refused(string property)
    {
        AssertRefused(property, "");
        AssertRefused(property, "two words");
        AssertRefused(property, "a=b");
        AssertRefused(property, "a\0b");
    }

    [Theory]
    [InlineData("InvalidText", nameof(ContainerSpec.User))]
    [InlineData("InvalidText", nameof(ContainerSpec.Command))]
    [InlineData("InvalidText", nameof(ContainerSpec.Dir))]
    [InlineData("InvalidEnvironment", nameof(ContainerSpec.Env))]
    [InlineData("InvalidImage", nameof(ContainerSpec.Image))]
    public void An_option_with_a_rule_of_its_own_is_refused_by_that(string errorId, string property) =>
        Assert.Equal(errorId, Refusal(property, "/a\0b=c").ErrorId);

    private static void AssertRefused(string property, string text) =>
        Assert.Equal(SwarmErrorKind.InvalidArgument, Refusal(property, text).Kind);

    private static SwarmException Refusal(string property, string text)
    {
        var info = typeof(ContainerSpec).GetProperty(property)!;
        var container = Plain with { };
        info.SetValue(
            container,
            info.PropertyType == typeof(string) ? (object)text
                : info.PropertyType == typeof(ValueMap) ? ValueMap.From([new(text, "value")])
                : (ValueList<string>)[text]
        );
        var spec = new ServiceSpec
        {
            Name = "web",
            Container = container,
            Mode = new ServiceMode.Replicated(1),
        };
        return Assert.Throws<SwarmException>(() => ServiceSpecValidation.Validate(spec));
    }

    private static IEnumerable<string> Properties(Type type) =>
        typeof(ContainerSpec)
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.CanWrite && p.PropertyType == type)
            .Select(p => p.Name);
}
