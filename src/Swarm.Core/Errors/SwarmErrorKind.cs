namespace Swarm.Core.Errors;

/// <summary>Kinds of refusal; each maps to one gRPC status and, in the module, to one error category.</summary>
public enum SwarmErrorKind
{
    InvalidArgument,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    FailedPrecondition,
    Unavailable,
    ResourceExhausted,
    NotSupported,
    Internal,
}
