using Grpc.Core;
using Swarm.Control.Objects;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Areas;

/// <summary>The API's area of services, without what needs networks of our own.</summary>
internal sealed class BuiltinServices(SwarmObjects objects) : ServicesApi(objects)
{
    public override Task<V1.CreateServiceResponse> CreateService(V1.CreateServiceRequest request, ServerCallContext context)
    {
        RequireSupported(request.Spec, "New-SwarmService");
        return base.CreateService(request, context);
    }

    public override Task<V1.UpdateServiceResponse> UpdateService(V1.UpdateServiceRequest request, ServerCallContext context)
    {
        RequireSupported(request.Spec, "Set-SwarmService");
        return base.UpdateService(request, context);
    }

    private static void RequireSupported(V1.ServiceSpec? spec, string cmdlet)
    {
        if (spec?.Networks.Count > 0)
        {
            throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Builtin, cmdlet + " -Network");
        }
        if (spec?.Ports.FirstOrDefault(static port => port.Protocol == V1.PortProtocol.Sctp) is { } sctp)
        {
            throw new SwarmException(
                SwarmErrorKind.NotSupported,
                "NotSupportedByControlPlane",
                $"Port {sctp.TargetPort}/sctp is not supported by the builtin control plane: it publishes tcp and udp.",
                $"{sctp.TargetPort}/sctp",
                "Publish tcp or udp."
            );
        }
    }
}
