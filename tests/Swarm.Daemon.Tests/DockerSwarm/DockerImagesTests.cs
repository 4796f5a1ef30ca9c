using System.Text;
using System.Text.Json.Nodes;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.DockerSwarm.Plane;
using Swarm.Engine;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Requests to a registry through the engine, and the use of their answers.</summary>
public sealed class DockerImagesTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_digest_comes_with_platforms_and_the_credential_goes_in_the_header()
    {
        await using var engine = await FakeEngine.StartAsync();
        var header = "";
        engine.Answer(
            "/distribution/registry.example/team/web:2/json",
            context =>
            {
                header = context.Request.Headers["X-Registry-Auth"].ToString();
                return context.Response.WriteAsJsonNodeAsync(
                    $$"""
                    {"Descriptor":{"digest":"{{Digest}}"},"Platforms":[{"architecture":"amd64","os":"linux"},
                    {"architecture":"arm","os":"linux","variant":"v7"},{"architecture":"unknown","os":"unknown"}]}
                    """
                );
            }
        );
        using var client = new EngineClient("unix://" + engine.Socket);
        var images = new DockerImages(client);
        var resolved = await images.ResolveAsync(
            "registry.example/team/web:2",
            new RegistryCredential("registry.example", "user", "päss"),
            Cancel
        );
        Assert.Equal(new ResolvedImage(Digest, ["linux", "linux/amd64"]), resolved);
        var sent = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(header.Replace('-', '+').Replace('_', '/'))))!;
        Assert.Equal(
            ("user", "päss", "registry.example"),
            (sent["username"]!.GetValue<string>(), sent["password"]!.GetValue<string>(), sent["serveraddress"]!.GetValue<string>())
        );
        await images.ResolveAsync("registry.example/team/web:2", null, Cancel);
        Assert.Equal("", header);
        // A digest needs no registry.
        Assert.Equal(new ResolvedImage(Digest), await images.ResolveAsync("nowhere.example/x@" + Digest, null, Cancel));
    }

    [Theory]
    [InlineData(401, "unauthorized: authentication required", true)]
    [InlineData(500, "Get https://r/v2/: no basic auth credentials", true)]
    [InlineData(404, "manifest unknown: manifest unknown", false)]
    public async Task What_the_registry_refuses_is_told_in_its_words(int status, string words, bool needsCredential)
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/distribution/docker.io/library/web:1/json", $$"""{"message":"{{words}}"}""", status);
        engine.Answer("/distribution/web:1/json", $$"""{"message":"{{words}}"}""", status);
        using var client = new EngineClient("unix://" + engine.Socket);
        var refusal = await Assert.ThrowsAsync<ImageNotResolvedException>(() =>
            new DockerImages(client).ResolveAsync("web:1", null, Cancel)
        );
        Assert.Equal((words, needsCredential), (refusal.Message, refusal.NeedsCredential));
    }
}
