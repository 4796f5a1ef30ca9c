namespace Swarm.Security.Certificates;

/// <summary>The reason why a peer's certificate is not accepted.</summary>
public enum CertificateFault
{
    /// <summary>It is accepted.</summary>
    None,

    /// <summary>The peer presented no certificate.</summary>
    Missing,

    /// <summary>The swarm's root has not signed it, or it is of another swarm.</summary>
    Foreign,

    /// <summary>The swarm's root signed it, and its time has not begun by the clock here.</summary>
    NotYetValid,

    /// <summary>The swarm's root signed it, and its time is over by the clock here.</summary>
    Ended,

    /// <summary>It is an administrator's, and was revoked.</summary>
    Revoked,

    /// <summary>It is an administrator's, and this node does not know what was revoked.</summary>
    NotJudged,
}
