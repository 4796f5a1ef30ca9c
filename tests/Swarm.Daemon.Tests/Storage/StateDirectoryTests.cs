using Swarm.Core.Errors;
using Swarm.Storage;

namespace Swarm.Daemon.Tests.Storage;

public sealed class StateDirectoryTests
{
    [Fact]
    public void It_is_created_for_its_owner_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        using var temporary = new TemporaryDirectory();
        using var state = StateDirectory.Open(temporary.Combine("a/b"));
        state.WriteAtomic("node.key", [1, 2, 3]);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(state.FullPath));
            Assert.Equal(DurableFile.OwnerOnly, File.GetUnixFileMode(state.Combine("node.key")));
        }
    }

    [Fact]
    public void A_second_swarmd_is_refused_and_told_who_holds_it()
    {
        using var temporary = new TemporaryDirectory();
        using (StateDirectory.Open(temporary.Path))
        {
            var error = Assert.Throws<SwarmException>(() => StateDirectory.Open(temporary.Path));
            Assert.Equal("StateDirectoryInUse", error.ErrorId);
            Assert.Contains($"in use by another swarmd (pid {Environment.ProcessId})", error.Message, StringComparison.Ordinal);
        }
        StateDirectory.Open(temporary.Path).Dispose();
    }

    [Fact]
    public void A_newer_layout_is_refused_and_left_as_it_is()
    {
        using var temporary = new TemporaryDirectory();
        StateDirectory.Open(temporary.Path).Dispose();
        File.WriteAllText(temporary.Combine("layout"), "2");
        var error = Assert.Throws<SwarmException>(() => StateDirectory.Open(temporary.Path));
        Assert.Equal("StateDirectoryTooNew", error.ErrorId);
        Assert.Equal("2", File.ReadAllText(temporary.Combine("layout")));
        // The refusal must not keep the lock.
        File.WriteAllText(temporary.Combine("layout"), "1");
        StateDirectory.Open(temporary.Path).Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("one")]
    [InlineData("-1")]
    [InlineData("0")]
    public void A_layout_file_without_a_number_is_refused(string content)
    {
        using var temporary = new TemporaryDirectory();
        File.WriteAllText(temporary.Combine("layout"), content);
        var error = Assert.Throws<SwarmException>(() => StateDirectory.Open(temporary.Path));
        Assert.Equal("StateDirectoryDamaged", error.ErrorId);
    }

    [Fact]
    public void A_path_that_cannot_be_written_is_refused()
    {
        using var temporary = new TemporaryDirectory();
        File.WriteAllText(temporary.Combine("file"), "");
        var error = Assert.Throws<SwarmException>(() => StateDirectory.Open(temporary.Combine("file/state")));
        Assert.Equal("StateDirectoryNotWritable", error.ErrorId);
    }

    [Fact]
    public void What_is_written_replaces_the_old_content_and_leaves_nothing_beside_it()
    {
        using var temporary = new TemporaryDirectory();
        using var state = StateDirectory.Open(temporary.Path);
        Assert.Null(state.Read("node.json"));
        state.WriteAtomic("node.json", "a long first content"u8);
        state.WriteAtomic("node.json", "short"u8);
        Assert.Equal("short"u8.ToArray(), state.Read("node.json"));
        Assert.Empty(Directory.EnumerateFiles(temporary.Path, "*.tmp"));
        state.Delete("node.json");
        Assert.Null(state.Read("node.json"));
    }

    [Fact]
    public void A_write_that_fails_keeps_the_old_content()
    {
        using var temporary = new TemporaryDirectory();
        using var state = StateDirectory.Open(temporary.Path);
        state.WriteAtomic("node.json", "old"u8);
        // In the way of the temporary file.
        Directory.CreateDirectory(state.Combine("node.json.tmp"));
        var error = Assert.Throws<SwarmException>(() => state.WriteAtomic("node.json", "new"u8));
        Assert.Equal("StateDirectoryNotWritable", error.ErrorId);
        Assert.Equal("old"u8.ToArray(), state.Read("node.json"));
    }
}
