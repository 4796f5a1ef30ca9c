using System.Text;
using Swarm.Storage;

namespace Swarm.Daemon.Tests.Storage;

public sealed class DataKeyStoreTests
{
    [Fact]
    public void A_key_is_made_once_and_read_back()
    {
        using var temporary = new TemporaryDirectory();
        Assert.False(DataKeyStore.Exists(temporary.Path));
        var made = DataKeyStore.Create(temporary.Path);
        Assert.True(DataKeyStore.Exists(temporary.Path));
        Assert.Equal(DataKeyStore.KeySize, made.DataKey.Length);
        var read = DataKeyStore.Load(temporary.Path);
        Assert.False(read.IsLocked);
        Assert.Equal(made.DataKey, read.DataKey);
        Assert.Throws<IOException>(() => DataKeyStore.Create(temporary.Path));
        Assert.Equal(made.DataKey, DataKeyStore.Load(temporary.Path).DataKey);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(DurableFile.OwnerOnly, File.GetUnixFileMode(temporary.Combine(DataKeyStore.FileName)));
        }
    }

    [Fact]
    public void A_locked_key_needs_its_unlock_key()
    {
        using var temporary = new TemporaryDirectory();
        var made = DataKeyStore.Create(temporary.Path);
        var unlockKey = UnlockKey.Generate();
        Assert.Matches("^SWMKEY-1-[A-Za-z0-9+/]{43}$", unlockKey);
        made.Lock(unlockKey);
        Assert.False(made.IsLocked);
        Assert.DoesNotContain(
            Convert.ToBase64String(made.DataKey),
            File.ReadAllText(temporary.Combine(DataKeyStore.FileName)),
            StringComparison.Ordinal
        );

        var read = DataKeyStore.Load(temporary.Path);
        Assert.True(read.IsLocked);
        Assert.True(read.IsWrapped);
        Assert.Equal(DataKeyError.Locked, Assert.Throws<DataKeyException>(() => read.DataKey).Error);
        Assert.Equal(DataKeyError.Locked, Assert.Throws<DataKeyException>(() => read.Lock(unlockKey)).Error);
        foreach (
            var wrong in new[]
            {
                UnlockKey.Generate(),
                "SWMKEY-1-",
                "",
                unlockKey[..^1],
                unlockKey.ToLowerInvariant(),
                "SWMKEY-2-" + unlockKey[9..],
            }
        )
        {
            Assert.Equal(DataKeyError.WrongKey, Assert.Throws<DataKeyException>(() => read.Unlock(wrong)).Error);
            Assert.True(read.IsLocked);
        }
        read.Unlock($" {unlockKey}\n");
        Assert.Equal(made.DataKey, read.DataKey);
    }

    [Fact]
    public void Rotating_makes_the_old_unlock_key_worthless()
    {
        using var temporary = new TemporaryDirectory();
        var store = DataKeyStore.Create(temporary.Path);
        var first = store.Rotate();
        var second = store.Rotate();
        var read = DataKeyStore.Load(temporary.Path);
        Assert.Equal(DataKeyError.WrongKey, Assert.Throws<DataKeyException>(() => read.Unlock(first)).Error);
        read.Unlock(second);
        Assert.Equal(store.DataKey, read.DataKey);
        read.RemoveLock();
        Assert.False(DataKeyStore.Load(temporary.Path).IsLocked);
        Assert.Equal(store.DataKey, DataKeyStore.Load(temporary.Path).DataKey);
    }

    [Theory]
    [InlineData("", DataKeyError.Damaged)]
    [InlineData("null", DataKeyError.Damaged)]
    [InlineData("{}", DataKeyError.Damaged)]
    [InlineData("{\"version\":1,\"key\":\"AAAA\"}", DataKeyError.Damaged)]
    [InlineData("{\"version\":1,\"key\":\"%\"}", DataKeyError.Damaged)]
    [InlineData("{\"version\":1,\"wrapped\":{\"nonce\":\"AAAA\"}}", DataKeyError.Damaged)]
    [InlineData("{\"version\":2,\"later\":true}", DataKeyError.UnknownFormat)]
    public void A_damaged_file_is_refused_and_named(string content, DataKeyError expected)
    {
        using var temporary = new TemporaryDirectory();
        File.WriteAllText(temporary.Combine(DataKeyStore.FileName), content, new UTF8Encoding(false));
        var error = Assert.Throws<DataKeyException>(() => DataKeyStore.Load(temporary.Path));
        Assert.Equal(expected, error.Error);
        Assert.Contains(temporary.Combine(DataKeyStore.FileName), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused()
    {
        using var temporary = new TemporaryDirectory();
        Assert.Equal(DataKeyError.Damaged, Assert.Throws<DataKeyException>(() => DataKeyStore.Load(temporary.Path)).Error);
    }
}
