using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Swarm.Core.Errors;
using Swarm.Security;
using Swarm.Wire.Errors;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>Gives calls whose messages cannot be read one status and one short line in the log. gRPC has several statuses for them, which name no fault of
/// the caller, and logs a stack trace for each. A message that is too large gets what to do; gRPC refuses it without our trailers.</summary>
/// <param name="ration">Limits the lines.</param>
/// <param name="logger">Names the method, the address and the fault.</param>
internal sealed partial class MalformedCalls(LogRation ration, ILogger<MalformedCalls> logger)
{
    public const string ErrorId = "MalformedMessage";

    private const int MaxMegabytes = ClusterChannel.MaxMessageSize / (1024 * 1024);

    /// <summary>The refusal of a message that is not in the form of its method.</summary>
    public static RpcException Refusal(string detail) =>
        RefusalStatus.ToRpcException(
            new SwarmException(
                SwarmErrorKind.InvalidArgument,
                ErrorId,
                $"The message of the call cannot be read: {detail.TrimEnd('.')}.",
                action: "Call swarmd with the module of the same version, or with a client that was made from its .proto files."
            )
        );

    private static RpcException TooLarge() =>
        RefusalStatus.ToRpcException(
            new SwarmException(
                SwarmErrorKind.ResourceExhausted,
                "RequestTooLarge",
                $"The message is larger than swarmd reads ({MaxMegabytes} MB).",
                action: "Make it smaller: fewer or shorter labels, environment variables and mounts, or fewer objects in one call."
            )
        );

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (
            context.RequestAborted.IsCancellationRequested
            || context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method is not { } method
            || GrpcStatusHeaders.Read(context) is not { } answer
        )
        {
            return;
        }
        // The size of a message is the only limit that gRPC itself watches here.
        if (answer is { ErrorId: "", Code: StatusCode.ResourceExhausted })
        {
            GrpcStatusHeaders.Replace(context, TooLarge());
            return;
        }
        var detail = answer.Detail;
        // Every refusal of ours has an error id. gRPC's own finds in a message have none.
        if (answer is { ErrorId: "", Code: StatusCode.Internal or StatusCode.Unknown })
        {
            var refusal = Refusal(detail);
            GrpcStatusHeaders.Replace(context, refusal);
            detail = refusal.Status.Detail;
        }
        else if (answer.ErrorId != ErrorId)
        {
            return;
        }
        if (ration.TryTake(out var left))
        {
            LogMalformed(logger, method.FullName, context.Connection.RemoteIpAddress, detail, left);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Refused a call of {Method} from {Address}: {Detail} ({Left} more such lines were left out.)")]
    private static partial void LogMalformed(ILogger logger, string method, IPAddress? address, string detail, int left);
}
