using System.Security.Cryptography;

namespace Swarm.Storage;

/// <summary>The key that a person types to unlock a manager's data key, in Docker's form: <c>SWMKEY-1-</c> and 43 characters.</summary>
/// <remarks>32 random bytes in base 64 without padding. Source: moby/swarmkit manager/encryption (HumanReadableKey).</remarks>
public static class UnlockKey
{
    public const string Prefix = "SWMKEY-1-";

    /// <summary>Random bytes of a key.</summary>
    public const int Size = 32;

    private const int EncodedLength = 43;

    public static string Generate() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(Size)).TrimEnd('=');

    /// <summary>The bytes of a typed key, without surrounding white space.</summary>
    /// <exception cref="DataKeyException">WrongKey: the text is no unlock key.</exception>
    public static byte[] Parse(string text)
    {
        var key = text.Trim();
        if (key.StartsWith(Prefix, StringComparison.Ordinal) && key.Length == Prefix.Length + EncodedLength)
        {
            var bytes = new byte[Size];
            if (Convert.TryFromBase64String(key[Prefix.Length..] + "=", bytes, out var count) && count == Size)
            {
                return bytes;
            }
        }
        throw new DataKeyException(
            DataKeyError.WrongKey,
            $"This is not an unlock key. A key starts with {Prefix} and has {Prefix.Length + EncodedLength} characters; a manager that is unlocked shows it."
        );
    }
}
