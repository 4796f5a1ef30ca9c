using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Swarm.Core.Errors;

namespace Swarm.Security.Certificates;

/// <summary>The token with which a machine joins: the digest of the swarm's root certificate and a secret. By the digest the new node
/// recognises the swarm, and by the secret the swarm accepts the node. <c>SWMTKN-1-&lt;SHA-256 of the root certificate, base 36, 50
/// characters&gt;-&lt;secret, 25 characters&gt;</c>.</summary>
/// <remarks>Source of the format: moby/swarmkit ca/config.go. The digest is of the DER form.</remarks>
public sealed record JoinToken(string RootDigest, string Secret)
{
    private const int DigestLength = 50;
    private const int SecretLength = 25;

    /// <summary>Random bytes of a secret.</summary>
    private const int SecretBytes = 16;

    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    private static readonly BigInteger DigestLimit = BigInteger.One << 256;

    /// <summary>A new random secret: 16 bytes as 25 digits of base 36.</summary>
    public static string NewSecret() =>
        ToBase36(new BigInteger(RandomNumberGenerator.GetBytes(SecretBytes), isUnsigned: true), SecretLength);

    /// <summary>The token for a root certificate (DER) and a secret.</summary>
    public static string Format(ReadOnlySpan<byte> rootCertificate, string secret) =>
        $"SWMTKN-1-{ToBase36(new BigInteger(SHA256.HashData(rootCertificate), isUnsigned: true, isBigEndian: true), DigestLength)}-{secret}";

    /// <summary>Lower-case hex SHA-256 of a certificate's DER form, as in <see cref="RootDigest"/>.</summary>
    public static string Fingerprint(ReadOnlySpan<byte> certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate));

    /// <summary>Compares secrets in a time that does not depend on the place of a difference.</summary>
    public static bool SecretsEqual(string a, string b) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));

    /// <exception cref="SwarmException">InvalidJoinToken, with the wrong part and its fault.</exception>
    public static JoinToken Parse(string text)
    {
        text = text.Trim();
        if (text.Length == 0)
        {
            throw Invalid("The join token is empty.");
        }
        var parts = text.Split('-');
        if (parts[0] != "SWMTKN")
        {
            throw Invalid("The join token does not begin with SWMTKN.");
        }
        if (parts.Length > 1 && parts[1] != "1")
        {
            throw Invalid($"The join token has version {Shown(parts[1])}; this swarmd understands version 1.");
        }
        if (parts.Length != 4)
        {
            throw Invalid(
                $"The join token has {parts.Length} parts separated by '-'; it must have 4. It may have been cut off when it was copied."
            );
        }
        if (parts[2].Length != DigestLength || !TryFromBase36(parts[2], out var digest) || digest >= DigestLimit)
        {
            throw Invalid(
                $"The third part of the join token must be a digest of {DigestLength} characters 0-9 and a-z; it has {parts[2].Length}."
            );
        }
        if (parts[3].Length != SecretLength || !TryFromBase36(parts[3], out _))
        {
            throw Invalid(
                $"The last part of the join token must be a secret of {SecretLength} characters 0-9 and a-z; it has {parts[3].Length}."
            );
        }
        return new JoinToken(digest.ToString("x64", CultureInfo.InvariantCulture)[^64..], parts[3]);
    }

    /// <summary>The error for a well-formed token that is not (or no longer) this swarm's.</summary>
    public static SwarmException Refused() =>
        new(
            SwarmErrorKind.PermissionDenied,
            "InvalidJoinToken",
            "A valid join token is necessary to join this cluster: the token is not one of this swarm, or has been rotated.",
            action: "Get the current token on a manager with Get-SwarmJoinToken."
        );

    private static SwarmException Invalid(string message) =>
        new(
            SwarmErrorKind.InvalidArgument,
            "InvalidJoinToken",
            message,
            action: "Copy the whole token (SWMTKN-1-…-…) that Get-SwarmJoinToken shows on a manager."
        );

    private static string Shown(string part) => part.Length <= 10 ? $"'{part}'" : $"'{part[..10]}…'";

    private static string ToBase36(BigInteger value, int length) =>
        string.Create(
            length,
            value,
            static (span, rest) =>
            {
                for (var i = span.Length - 1; i >= 0; i--)
                {
                    rest = BigInteger.DivRem(rest, 36, out var digit);
                    span[i] = Digits[(int)digit];
                }
            }
        );

    private static bool TryFromBase36(string text, out BigInteger value)
    {
        value = BigInteger.Zero;
        foreach (var c in text)
        {
            var digit = Digits.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }
            value = (value * 36) + digit;
        }
        return true;
    }
}
