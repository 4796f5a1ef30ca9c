using Docker.DotNet.Models;
using Swarm.Daemon.Executors.Docker;

namespace Swarm.Daemon.Tests.Executors;

public sealed class EngineImagesTests
{
    [Fact]
    public void Platforms_are_read_without_attestations_and_variants()
    {
        Platform[] told =
        [
            new()
            {
                OS = "linux",
                Architecture = "arm",
                Variant = "v7",
            },
            new()
            {
                OS = "linux",
                Architecture = "arm",
                Variant = "v6",
            },
            new() { OS = "linux", Architecture = "amd64" },
            new() { OS = "unknown", Architecture = "unknown" },
            new() { OS = "windows" },
        ];
        Assert.Equal(["linux/amd64", "linux/arm", "windows"], EngineImages.PlatformsOf(told));
        Assert.Equal([], EngineImages.PlatformsOf(null));
    }
}
