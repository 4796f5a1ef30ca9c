using Swarm.Core.Credentials;
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
