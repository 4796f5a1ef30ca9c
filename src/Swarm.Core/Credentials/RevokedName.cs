namespace Swarm.Core.Credentials;

/// <summary>Every certificate of a name that was made until a moment is refused. Certificates of earlier versions have no record: their name is
/// in them.</summary>
/// <param name="Name">The name in the certificates.</param>
/// <param name="Until">Certificates that were made until then are refused.</param>
public sealed record RevokedName(string Name, DateTimeOffset Until);
