using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Swarm.Storage;

/// <summary>Stores the key that encrypts the log and its snapshots (<c>key.json</c>, 0600): plain, or wrapped with the unlock key
/// (autolock).</summary>
/// <remarks>The data key itself never changes here: locking, unlocking and rotating change only its wrapping.</remarks>
public sealed class DataKeyStore
{
    public const string FileName = "key.json";

    /// <summary>In bytes: AES-256.</summary>
    public const int KeySize = 32;

    private const int CurrentVersion = 1;
    private static readonly byte[] WrapPurpose = "swarmd data key"u8.ToArray();

    private readonly string _path;
    private DataKeyFile _file;
    private byte[]? _key;

    private DataKeyStore(string path, DataKeyFile file, byte[]? key)
    {
        _path = path;
        _file = file;
        _key = key;
    }

    /// <summary>True while the data key is wrapped and has not been unlocked since it was read.</summary>
    public bool IsLocked => _key is null;

    /// <summary>True when the next start of swarmd needs the unlock key.</summary>
    public bool IsWrapped => _file.Wrapped is not null;

    /// <summary>32 bytes.</summary>
    /// <exception cref="DataKeyException">Locked.</exception>
    public byte[] DataKey => _key ?? throw LockedError();

    public static bool Exists(string directory) => File.Exists(Path.Combine(directory, FileName));

    /// <summary>Creates a new data key and writes it, plain. An existing key is never replaced.</summary>
    /// <exception cref="IOException">There is a key already, or the disk cannot be written.</exception>
    public static DataKeyStore Create(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (File.Exists(path))
        {
            throw new IOException($"'{path}' exists already.");
        }
        var key = RandomNumberGenerator.GetBytes(KeySize);
        var store = new DataKeyStore(path, new DataKeyFile { Version = CurrentVersion, Key = key }, key);
        store.Save(store._file);
        return store;
    }

    /// <summary>Reads the key file. The result may be locked.</summary>
    /// <exception cref="DataKeyException">Damaged (missing or damaged) or UnknownFormat.</exception>
    public static DataKeyStore Load(string directory)
    {
        var path = Path.Combine(directory, FileName);
        DataKeyFile? file;
        try
        {
            file = JsonSerializer.Deserialize(File.ReadAllBytes(path), DataKeyJsonContext.Default.DataKeyFile);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Damaged(path, "is missing", error);
        }
        catch (Exception error) when (error is JsonException or FormatException)
        {
            throw Damaged(path, "is damaged", error);
        }
        if (file is { Version: > CurrentVersion })
        {
            throw new DataKeyException(
                DataKeyError.UnknownFormat,
                $"'{path}' was written by a newer swarmd (format {file.Version}). Start a swarmd that is at least as new."
            );
        }
        return file switch
        {
            { Version: CurrentVersion, Key.Length: KeySize, Wrapped: null } => new DataKeyStore(path, file, file.Key),
            {
                Version: CurrentVersion,
                Key: null,
                Wrapped: { Nonce.Length: GcmNonceSize, Ciphertext.Length: KeySize, Tag.Length: GcmTagSize }
            } => new DataKeyStore(path, file, null),
            _ => throw Damaged(path, "is damaged", null),
        };
    }

    /// <summary>Unwraps the data key for this run; the file stays wrapped.</summary>
    /// <exception cref="DataKeyException">WrongKey; the store stays locked.</exception>
    public void Unlock(string unlockKey)
    {
        if (_file.Wrapped is { } wrapped)
        {
            _key = Unwrap(wrapped, unlockKey);
        }
    }

    /// <summary>Turns autolock on, or rotates its key: wraps the data key with the given key, from the next start on.</summary>
    /// <exception cref="DataKeyException">Locked, or WrongKey when the text is no unlock key.</exception>
    public void Lock(string unlockKey)
    {
        var nonce = RandomNumberGenerator.GetBytes(GcmNonceSize);
        var ciphertext = new byte[KeySize];
        var tag = new byte[GcmTagSize];
        using var cipher = WrappingCipher(unlockKey);
        cipher.Encrypt(nonce, DataKey, ciphertext, tag, WrapPurpose);
        Save(
            new DataKeyFile
            {
                Version = CurrentVersion,
                Wrapped = new WrappedDataKey
                {
                    Nonce = nonce,
                    Ciphertext = ciphertext,
                    Tag = tag,
                },
            }
        );
    }

    /// <summary>Wraps the data key with a new unlock key and returns it. The old one becomes useless.</summary>
    /// <exception cref="DataKeyException">Locked.</exception>
    public string Rotate()
    {
        var unlockKey = UnlockKey.Generate();
        Lock(unlockKey);
        return unlockKey;
    }

    /// <summary>Turns autolock off: writes the data key plain.</summary>
    /// <exception cref="DataKeyException">Locked.</exception>
    public void RemoveLock() => Save(new DataKeyFile { Version = CurrentVersion, Key = DataKey });

    private const int GcmNonceSize = 12;
    private const int GcmTagSize = 16;

    private void Save(DataKeyFile file)
    {
        DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(file, DataKeyJsonContext.Default.DataKeyFile));
        _file = file;
    }

    private static byte[] Unwrap(WrappedDataKey wrapped, string unlockKey)
    {
        var key = new byte[KeySize];
        using var cipher = WrappingCipher(unlockKey);
        try
        {
            cipher.Decrypt(wrapped.Nonce, wrapped.Ciphertext, wrapped.Tag, key, WrapPurpose);
            return key;
        }
        catch (AuthenticationTagMismatchException error)
        {
            throw new DataKeyException(
                DataKeyError.WrongKey,
                "The unlock key is not the one this manager was locked with. Keys are rotated: use the current one, shown by a manager that is unlocked.",
                error
            );
        }
    }

    private static AesGcm WrappingCipher(string unlockKey) =>
        new(HKDF.DeriveKey(HashAlgorithmName.SHA256, UnlockKey.Parse(unlockKey), KeySize, info: WrapPurpose), GcmTagSize);

    private static DataKeyException LockedError() =>
        new(DataKeyError.Locked, "This manager is locked. Unlock it with its unlock key (Unlock-Swarm).");

    private static DataKeyException Damaged(string path, string what, Exception? error) =>
        new(
            DataKeyError.Damaged,
            $"The key file '{path}' {what}; without it the manager's log cannot be read. Restore the state directory from a backup, or, if other managers are alive, remove this one and join it again.",
            error
        );
}

/// <summary>The contents of <c>key.json</c>: exactly one of a plain and a wrapped key.</summary>
internal sealed record DataKeyFile
{
    public int Version { get; init; }
    public byte[]? Key { get; init; }
    public WrappedDataKey? Wrapped { get; init; }
}

/// <summary>A data key encrypted with AES-256-GCM under a key derived (HKDF-SHA-256) from the unlock key.</summary>
internal sealed record WrappedDataKey
{
    public byte[] Nonce { get; init; } = [];
    public byte[] Ciphertext { get; init; } = [];
    public byte[] Tag { get; init; } = [];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(DataKeyFile))]
internal sealed partial class DataKeyJsonContext : JsonSerializerContext;
