using Grpc.Core;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

/// <summary>A feature of a control plane, as a call.</summary>
/// <param name="Call">The first call of its cmdlet, or the call that differs.</param>
/// <param name="Refusals">Ids of errors that come only from a control plane with the feature; success means that it has the feature
/// too.</param>
internal sealed record ControlPlaneFeature(Func<V1.ControlClient, CallOptions, Task> Call, params string[] Refusals);
