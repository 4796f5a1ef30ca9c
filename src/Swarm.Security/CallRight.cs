namespace Swarm.Security;

/// <summary>The least that a caller on the cluster port has to be.</summary>
public enum CallRight
{
    /// <summary>The local socket's caller: nobody on the cluster port.</summary>
    ThisHost,

    /// <summary>An administrator, or a manager of the swarm.</summary>
    Administrator,

    /// <summary>A node of the swarm.</summary>
    Node,

    /// <summary>Anybody, also without a certificate: the method looks for itself.</summary>
    Anyone,
}
