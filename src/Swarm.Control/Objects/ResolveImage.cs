using Swarm.Core.Model;

namespace Swarm.Control.Objects;

/// <summary>Asks a registry for the current digest and platforms of an image reference. Null: unknown.</summary>
public delegate Task<ResolvedImage?> ResolveImage(string image, RegistryCredential? credential, CancellationToken cancellation);
