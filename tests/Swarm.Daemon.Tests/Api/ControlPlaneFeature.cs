using Grpc.Core;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

/// <summary>A feature of a control plane, as a call.</summary>
/// <param name="Call">What its cmdlet sends first, or what makes the difference.</param>
/// <param name="Refusals">Ids of errors that only a control plane gives which has the feature; no error is a yes too.</param>
internal sealed record ControlPlaneFeature(Func<V1.Control.ControlClient, CallOptions, Task> Call, params string[] Refusals);
