namespace Swarm.Security.Certificates;

/// <summary>An administrator's certificate.</summary>
/// <param name="Chain">PEM: the certificate, then the root.</param>
/// <param name="Root">PEM.</param>
public sealed record ClientCertificate(string Chain, string Root);
