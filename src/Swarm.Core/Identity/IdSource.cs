using System.Numerics;

namespace Swarm.Core.Identity;

/// <summary>Makes Docker-style ids: 25 characters of base 36, from a source of random bytes that the caller seeds.</summary>
public sealed class IdSource(Action<byte[]> fill)
{
    /// <summary>Source: moby/swarmkit identity/randomid.go.</summary>
    public const int Length = 25;

    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>Ids for simulations and tests: equal seeds give equal ids.</summary>
    public static IdSource Seeded(int seed)
    {
        var random = new Random(seed);
        return new IdSource(random.NextBytes);
    }

    public string Next()
    {
        var bytes = new byte[17];
        fill(bytes);
        var value = new BigInteger(bytes, isUnsigned: true);
        return string.Create(
            Length,
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
    }
}
