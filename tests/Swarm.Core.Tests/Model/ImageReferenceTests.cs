using Swarm.Core.Model;

namespace Swarm.Core.Tests.Model;

public sealed class ImageReferenceTests
{
    private const string Sha256 = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    [Theory]
    [InlineData("redis", "redis", "", "", "redis", "latest")]
    [InlineData("redis:3.0.6", "redis", "3.0.6", "", "redis", "3.0.6")]
    [InlineData("library/redis", "library/redis", "", "", "redis", "latest")]
    [InlineData("docker.io/library/redis:3", "docker.io/library/redis", "3", "", "redis", "3")]
    [InlineData("index.docker.io/team/app", "index.docker.io/team/app", "", "", "team/app", "latest")]
    [InlineData("library/team/app", "library/team/app", "", "", "library/team/app", "latest")]
    [InlineData("localhost:5000/team/app:1", "localhost:5000/team/app", "1", "", "localhost:5000/team/app", "1")]
    [InlineData("[::1]:5000/app", "[::1]:5000/app", "", "", "[::1]:5000/app", "latest")]
    [InlineData("redis@" + Sha256, "redis", "", Sha256, "redis", "")]
    [InlineData("redis:3@" + Sha256, "redis", "3", Sha256, "redis", "3")]
    [InlineData(
        "Registry.Example.com/a/b__c:T-1_2.3",
        "Registry.Example.com/a/b__c",
        "T-1_2.3",
        "",
        "Registry.Example.com/a/b__c",
        "T-1_2.3"
    )]
    public void A_reference_is_taken_apart(string text, string name, string tag, string digest, string familiar, string tagOrLatest)
    {
        Assert.True(ImageReference.TryParse(text, out var image));
        Assert.Equal((name, tag, digest), (image.Name, image.Tag, image.Digest));
        Assert.Equal((familiar, tagOrLatest, text), (image.FamiliarName, image.TagOrLatest, image.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" redis")]
    [InlineData("redis\n")]
    [InlineData("Redis")]
    [InlineData("redis:")]
    [InlineData("redis:a b")]
    [InlineData("redis:\u00e9")]
    [InlineData("redis:-1")]
    [InlineData("../redis")]
    [InlineData("a/../b")]
    [InlineData("/redis")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("re\u00fcdis")]
    [InlineData("http://a/b")]
    [InlineData("redis@")]
    [InlineData("redis@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("redis@sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("redis@md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void What_is_no_reference_is_refused(string text) => Assert.False(ImageReference.TryParse(text, out _));

    [Fact]
    public void Lengths_are_bounded()
    {
        Assert.True(ImageReference.TryParse(new string('a', 255) + ":" + new string('b', 128) + "@" + Sha256, out _));
        Assert.False(ImageReference.TryParse(new string('a', 256), out _));
        Assert.False(ImageReference.TryParse("a:" + new string('b', 129), out _));
        Assert.False(ImageReference.TryParse(string.Concat(Enumerable.Repeat("a/", 1_000_000)), out _));
    }
}
