using Swarm.Core.Credentials;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

/// <summary>Administrators' certificates in the API's messages.</summary>
public static class CredentialMapping
{
    public static V1.Credential ToWire(IssuedCredential credential) =>
        new()
        {
            Name = credential.Name,
            SerialNumber = credential.SerialNumber,
            IssuedAt = ProtocolMapping.ToWire(credential.IssuedAt),
            ExpiresAt = ProtocolMapping.ToWire(credential.ExpiresAt),
            RevokedAt = ProtocolMapping.ToWire(credential.RevokedAt),
        };

    /// <summary>The certificates that the selectors mean, in the order in which they were made; all without any. A name means all certificates of
    /// that name.</summary>
    /// <exception cref="SwarmException">CredentialNotFound, AmbiguousSelector.</exception>
    public static IEnumerable<V1.Credential> Select(CredentialSet known, V1.ListCredentialsRequest request)
    {
        var named = new NamedObjects<IssuedCredential>("certificate", known.Issued, static c => c.SerialNumber, static c => c.Name)
        {
            // Hexadecimal.
            IdComparison = StringComparison.OrdinalIgnoreCase,
        };
        var selected = request.Selectors.Select(selector =>
            named.Find(selector) is { Count: > 0 } found ? found : throw NotFound(selector)
        );
        return (request.Selectors.Count == 0 ? known.Issued : [.. selected.SelectMany(static c => c).Distinct()]).Select(ToWire);
    }

    private static SwarmException NotFound(string selector) =>
        new(
            SwarmErrorKind.NotFound,
            "CredentialNotFound",
            $"There is no client certificate '{selector}' on record.",
            selector,
            "Get-SwarmCredential lists them."
        );

    /// <summary>The answer to a revocation: what it means, as it is afterwards.</summary>
    public static V1.RevokeCredentialResponse Revoked(CredentialSet after, V1.RevokeCredentialRequest request) =>
        new()
        {
            Revoked =
            {
                (request.Name.Length > 0 ? after.Issued.Where(c => c.Name == request.Name) : [after.Find(request.SerialNumber)!])
                    .Where(static c => c is { RevokedAt: not null })
                    .Select(ToWire),
            },
        };
}
