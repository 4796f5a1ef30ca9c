namespace Swarm.Security.Certificates;

/// <summary>The role of a holder of a certificate of the swarm's CA; the organizational unit of its subject.</summary>
public enum CertificateRole
{
    /// <summary>swarm-worker</summary>
    Worker,

    /// <summary>swarm-manager</summary>
    Manager,

    /// <summary>swarm-admin: a person or a script, not a node.</summary>
    Admin,
}

/// <summary>Role names in certificates. Source: moby/swarmkit ca/config.go (swarm-admin is ours).</summary>
public static class CertificateRoleNames
{
    public const string Worker = "swarm-worker";
    public const string Manager = "swarm-manager";
    public const string Admin = "swarm-admin";

    public static string Of(CertificateRole role) =>
        role switch
        {
            CertificateRole.Manager => Manager,
            CertificateRole.Admin => Admin,
            _ => Worker,
        };

    public static CertificateRole? Parse(string? name) =>
        name switch
        {
            Worker => CertificateRole.Worker,
            Manager => CertificateRole.Manager,
            Admin => CertificateRole.Admin,
            _ => null,
        };
}
