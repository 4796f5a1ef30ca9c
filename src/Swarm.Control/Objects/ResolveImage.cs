using Swarm.Core.Model;

namespace Swarm.Control.Objects;

/// <summary>Asks a registry for the current meaning of an image reference. Null: it cannot be told.</summary>
public delegate Task<ResolvedImage?> ResolveImage(string image, RegistryCredential? credential, CancellationToken cancellation);
