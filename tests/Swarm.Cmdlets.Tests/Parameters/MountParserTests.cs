using System.Collections;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Tests.Parameters;

public sealed class MountParserTests
{
    [Theory]
    [InlineData("type=bind,source=/a,target=/b,readonly", MountType.Bind, "/a", "/b", true)]
    [InlineData("type=volume,src=data,dst=/b", MountType.Volume, "data", "/b", false)]
    [InlineData("source=data,target=/b", MountType.Volume, "data", "/b", false)]
    [InlineData("/a:/b:ro", MountType.Bind, "/a", "/b", true)]
    [InlineData("data:/b", MountType.Volume, "data", "/b", false)]
    [InlineData(@"C:\a:/b", MountType.Bind, @"C:\a", "/b", false)]
    public void Mount_is_read(string text, MountType type, string source, string target, bool readOnly)
    {
        var mount = MountParser.Parse(text);
        Assert.Equal((type, source, target, readOnly), (mount.Type, mount.Source, mount.Target, mount.ReadOnly));
    }

    [Fact]
    public void Tmpfs_takes_size_and_mode()
    {
        var mount = MountParser.Parse(
            new Hashtable
            {
                ["type"] = "tmpfs",
                ["target"] = "/t",
                ["tmpfs-size"] = "64m",
                ["tmpfs-mode"] = "1777",
            }
        );
        Assert.Equal((MountType.Tmpfs, 64L << 20, 1023), (mount.Type, mount.TmpfsSize, mount.TmpfsMode));
    }

    [Theory]
    [InlineData("/a")]
    [InlineData("/a:/b:xx")]
    [InlineData("type=bind,target=/b")]
    [InlineData("type=bind,source=/a")]
    [InlineData("type=floppy,source=/a,target=/b")]
    [InlineData("type=bind,source=/a,target=/b,colour=red")]
    public void Bad_mount_is_refused(string text) => Assert.Throws<FormatException>(() => MountParser.Parse(text));
}
