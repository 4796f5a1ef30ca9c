using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Swarm.Core.Errors;
using Swarm.Storage;

namespace Swarm.Security.Certificates;

/// <summary>The node's certificate, key and root on disk (<c>identity.json</c>, 0600), in one file so that a renewal replaces them
/// together.</summary>
/// <remarks>A manager's key is encrypted with the manager's data key, so that a locked manager's disk does not reveal it.</remarks>
public static class NodeIdentityFile
{
    public const string FileName = "identity.json";

    private const int CurrentVersion = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private static readonly byte[] Purpose = "swarmd node key"u8.ToArray();

    /// <param name="directory">The state directory of this swarmd.</param>
    /// <param name="identity">The identity to store.</param>
    /// <param name="dataKey">A manager's data key; null: the key is stored plain.</param>
    public static void Save(StateDirectory directory, NodeIdentity identity, byte[]? dataKey)
    {
        var content = new NodeIdentityContent
        {
            Version = CurrentVersion,
            Certificate = identity.Certificate.RawData,
            RootCertificate = identity.RootCertificate,
            Key = dataKey is null ? identity.PrivateKey : null,
            EncryptedKey = dataKey is null ? null : Encrypt(identity.PrivateKey, dataKey),
        };
        directory.WriteAtomic(FileName, JsonSerializer.SerializeToUtf8Bytes(content, NodeIdentityJsonContext.Default.NodeIdentityContent));
    }

    /// <exception cref="SwarmException">StateDirectoryDamaged.</exception>
    public static NodeIdentity Load(StateDirectory directory, byte[]? dataKey)
    {
        var path = directory.Combine(FileName);
        var bytes = directory.Read(FileName) ?? throw StateDirectory.Damaged(path, "is missing");
        try
        {
            var content = JsonSerializer.Deserialize(bytes, NodeIdentityJsonContext.Default.NodeIdentityContent);
            var key = content switch
            {
                { Version: CurrentVersion, Key: { } plain } => plain,
                { Version: CurrentVersion, EncryptedKey: { } encrypted } when dataKey is not null => Decrypt(encrypted, dataKey),
                _ => throw StateDirectory.Damaged(path, "is damaged"),
            };
            return NodeIdentity.Create(content.Certificate ?? [], key, content.RootCertificate ?? []);
        }
        catch (Exception e) when (e is JsonException or CryptographicException or ArgumentException or FormatException)
        {
            throw StateDirectory.Damaged(path, "is damaged", e);
        }
    }

    private static byte[] Encrypt(byte[] key, byte[] dataKey)
    {
        var result = new byte[NonceSize + key.Length + TagSize];
        RandomNumberGenerator.Fill(result.AsSpan(0, NonceSize));
        using var cipher = Cipher(dataKey);
        cipher.Encrypt(
            result.AsSpan(0, NonceSize),
            key,
            result.AsSpan(NonceSize, key.Length),
            result.AsSpan(NonceSize + key.Length, TagSize),
            Purpose
        );
        return result;
    }

    private static byte[] Decrypt(byte[] encrypted, byte[] dataKey)
    {
        if (encrypted.Length < NonceSize + TagSize)
        {
            throw new CryptographicException("The key is cut off.");
        }
        var key = new byte[encrypted.Length - NonceSize - TagSize];
        using var cipher = Cipher(dataKey);
        cipher.Decrypt(
            encrypted.AsSpan(0, NonceSize),
            encrypted.AsSpan(NonceSize, key.Length),
            encrypted.AsSpan(NonceSize + key.Length, TagSize),
            key,
            Purpose
        );
        return key;
    }

    private static AesGcm Cipher(byte[] dataKey) =>
        new(HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, DataKeyStore.KeySize, info: Purpose), TagSize);
}

internal sealed record NodeIdentityContent
{
    public int Version { get; init; }
    public byte[]? Certificate { get; init; }
    public byte[]? RootCertificate { get; init; }
    public byte[]? Key { get; init; }

    /// <summary>Nonce, ciphertext, tag (AES-256-GCM).</summary>
    public byte[]? EncryptedKey { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(NodeIdentityContent))]
internal sealed partial class NodeIdentityJsonContext : JsonSerializerContext;
