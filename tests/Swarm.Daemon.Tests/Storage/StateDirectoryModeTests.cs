using System.Diagnostics;
using System.Runtime.Versioning;
using Swarm.Core.Errors;
using Swarm.Storage;

namespace Swarm.Daemon.Tests.Storage;

[UnsupportedOSPlatform("windows")]
public sealed class StateDirectoryModeTests : IDisposable
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Directory700 = Own | UnixFileMode.UserExecute;
    private const UnixFileMode Directory755 =
        Directory700 | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly TemporaryDirectory _directory = new();

    public StateDirectoryModeTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_directory_of_swarmds_own_making_has_no_warning()
    {
        using (var first = StateDirectory.Open(_directory.Combine("state")))
        {
            first.WriteAtomic("key.json", "{}"u8);
            Assert.Empty(first.Warnings);
        }
        using var again = StateDirectory.Open(_directory.Combine("state"));
        Assert.Empty(again.Warnings);
        Assert.All(Directory.GetFiles(again.FullPath), f => Assert.Equal(Own, File.GetUnixFileMode(f)));
    }

    [Fact]
    public void Rights_of_others_are_taken_away_with_a_warning()
    {
        File.SetUnixFileMode(_directory.Path, Directory755);
        File.WriteAllText(_directory.Combine("key.json"), "{}");
        File.SetUnixFileMode(_directory.Combine("key.json"), Own | UnixFileMode.OtherRead);
        using (var state = StateDirectory.Open(_directory.Path))
        {
            Assert.Equal(2, state.Warnings.Count);
            Assert.Contains($"'{_directory.Path}' (mode 0755)", state.Warnings[0], StringComparison.Ordinal);
            Assert.Contains($"'{_directory.Combine("key.json")}' (mode 0604)", state.Warnings[1], StringComparison.Ordinal);
        }
        Assert.Equal(Directory700, File.GetUnixFileMode(_directory.Path));
        Assert.Equal(Own, File.GetUnixFileMode(_directory.Combine("key.json")));
        using var again = StateDirectory.Open(_directory.Path);
        Assert.Empty(again.Warnings);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_key_file_that_others_can_write_is_refused(UnixFileMode others)
    {
        File.SetUnixFileMode(_directory.Path, Directory700);
        File.WriteAllText(_directory.Combine("identity.json"), "{}");
        File.SetUnixFileMode(_directory.Combine("identity.json"), Own | others);
        var refused = Refused();
        Assert.Contains($"chmod 600 '{_directory.Combine("identity.json")}'", refused.Action, StringComparison.Ordinal);
        Assert.Equal(Own | others, File.GetUnixFileMode(_directory.Combine("identity.json")));
        // The refusal does not keep the lock.
        File.SetUnixFileMode(_directory.Combine("identity.json"), Own);
        StateDirectory.Open(_directory.Path).Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("key.json")]
    public void A_foreign_owner_is_refused(string name)
    {
        File.WriteAllText(_directory.Combine("key.json"), "{}");
        var path = name.Length == 0 ? _directory.Path : _directory.Combine(name);
        var refused = Refused(new ForeignOwner(path));
        Assert.Equal(path, refused.Target);
        Assert.Contains($"chown -R {FileModes.System.Self} '{path}'", refused.Action, StringComparison.Ordinal);
    }

    [Fact]
    public void Modes_that_do_not_hold_are_refused()
    {
        var refused = Refused(new WithoutModes());
        Assert.Contains("does not keep modes", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--state-dir", refused.Action, StringComparison.Ordinal);
    }

    [Fact]
    public void Modes_that_cannot_be_set_are_refused()
    {
        File.SetUnixFileMode(_directory.Path, Directory755);
        var refused = Refused(new ReadOnlyModes());
        Assert.Contains($"chmod go= '{_directory.Path}'", refused.Action, StringComparison.Ordinal);
    }

    [Fact]
    public void The_owner_is_the_systems()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "Other systems do not tell the owner.");
        Assert.Equal(FileModes.System.Self, FileModes.System.OwnerOf(_directory.Path));
        Assert.Equal(0u, FileModes.System.OwnerOf("/etc"));
        Assert.Null(FileModes.System.OwnerOf(_directory.Combine("none")));
    }

    /// <summary>As on systems whose library has no function for it.</summary>
    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task The_owner_is_the_same_by_the_number_of_the_system_call()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Its numbers are Linux's.");
        Assert.Equal(FileModes.System.Self, FileModes.OwnerByNumber(_directory.Path));
        File.WriteAllText(_directory.Combine("key.json"), "{}");
        if (Environment.IsPrivilegedProcess)
        {
            using var chown = Process.Start("chown", ["4321", _directory.Combine("key.json")]);
            await Deadline.WaitAsync(chown.WaitForExitAsync(TestContext.Current.CancellationToken), "the end of chown");
            Assert.Equal(0, chown.ExitCode);
        }
        Assert.Equal(
            Environment.IsPrivilegedProcess ? 4321u : FileModes.System.Self,
            FileModes.OwnerByNumber(_directory.Combine("key.json"))
        );
        Assert.Equal(FileModes.System.OwnerOf(_directory.Combine("key.json")), FileModes.OwnerByNumber(_directory.Combine("key.json")));
        Assert.Null(FileModes.OwnerByNumber(_directory.Combine("none")));
    }

    private SwarmException Refused(FileModes? modes = null)
    {
        var refused = Assert.Throws<SwarmException>(() => StateDirectory.Open(_directory.Path, modes));
        Assert.Equal((SwarmErrorKind.FailedPrecondition, "StateDirectoryUnsafe"), (refused.Kind, refused.ErrorId));
        return refused;
    }

    private sealed class ForeignOwner(string path) : FileModes
    {
        public override uint? OwnerOf(string asked) => asked == path ? Self + 1 : base.OwnerOf(asked);
    }

    /// <summary>A FAT file system: everything is everybody's, and a change succeeds without effect.</summary>
    private sealed class WithoutModes : FileModes
    {
        public override UnixFileMode ModeOf(string path) => Directory755;

        public override void SetMode(string path, UnixFileMode mode) { }
    }

    private sealed class ReadOnlyModes : FileModes
    {
        public override void SetMode(string path, UnixFileMode mode) => throw new UnauthorizedAccessException("Operation not permitted.");
    }
}
