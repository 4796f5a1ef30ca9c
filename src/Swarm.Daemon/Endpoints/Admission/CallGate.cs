using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Swarm.Core.Errors;
using Swarm.Daemon.Endpoints.Bodies;
using Swarm.Security;
using Swarm.Wire.Errors;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>Decides about each call on the cluster port from the caller's certificate, before anything of the call's message is read.</summary>
/// <param name="authorization">Decides.</param>
/// <param name="limits">The shares of callers.</param>
/// <param name="ration">Limits the lines about certificates that are out of their time.</param>
/// <param name="logger">Names their addresses.</param>
internal sealed partial class CallGate(PeerAuthorization authorization, ClusterLimits limits, LogRation ration, ILogger<CallGate> logger)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Its name in the table, and not the path, in which a router passes over the case of letters.
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method is not { } method)
        {
            // There is no such method. That is the answer to everybody, and no body is read for it.
            await next(context);
            return;
        }
        // A connection that did not come through the gate has no share.
        var calls = context.Features.Get<ConnectionCaller>()?.Calls;
        if (calls?.TryEnter() != true)
        {
            GrpcStatusHeaders.Respond(context, RefusalStatus.ToRpcException(TooManyCalls(calls?.Most ?? 0)));
            return;
        }
        try
        {
            if (authorization.Authorize(context, method.FullName) == CallRight.Anyone)
            {
                await ServeAnyoneAsync(context, next);
            }
            else
            {
                using var open = authorization.EndWhenRevoked(context);
                await ServeMemberAsync(context, next, calls, method.Type is MethodType.Unary or MethodType.ServerStreaming);
            }
        }
        catch (SwarmException refusal)
        {
            if (refusal.ErrorId == "CertificateNotValid" && ration.TryTake(out var left))
            {
                LogNotValid(logger, context.Connection.RemoteIpAddress, refusal.Message, left);
            }
            GrpcStatusHeaders.Respond(context, RefusalStatus.ToRpcException(refusal));
        }
        finally
        {
            calls.Leave();
        }
    }

    private static async Task ServeMemberAsync(HttpContext context, RequestDelegate next, CallBudget budget, bool hasOneMessage)
    {
        var body = new ChargedPipeReader(
            context.Request.BodyReader,
            budget,
            untilTheEnd: hasOneMessage,
            () => throw RefusalStatus.ToRpcException(TooManyBytes(budget.MostBytes))
        );
        context.Features.Set<IRequestBodyPipeFeature>(new BoundedBody(body));
        try
        {
            await next(context);
        }
        finally
        {
            body.End();
        }
    }

    private async Task ServeAnyoneAsync(HttpContext context, RequestDelegate next)
    {
        context.Features.Set<IRequestBodyPipeFeature>(
            new BoundedBody(
                new BoundedPipeReader(
                    context.Request.BodyReader,
                    limits.AnonymousMessage,
                    () => throw RefusalStatus.ToRpcException(TooLarge(limits.AnonymousMessage))
                )
            )
        );
        using var time = new CancellationTokenSource(limits.AnonymousCallTime);
        using var end = time.Token.Register(context.Abort);
        await next(context);
    }

    private static SwarmException TooManyCalls(int most) =>
        new(
            SwarmErrorKind.ResourceExhausted,
            "TooManyCalls",
            $"This caller has {most} calls under way already, which is its share.",
            action: "Retry when earlier calls have ended."
        );

    private static SwarmException TooManyBytes(long most) =>
        new(
            SwarmErrorKind.ResourceExhausted,
            "TooManyBytes",
            $"The messages of this caller's calls that are under way have {most / (1024 * 1024)} MB together, which is its share.",
            action: "Make large changes one after the other: retry when earlier calls have ended."
        );

    private static SwarmException TooLarge(long most) =>
        new(
            SwarmErrorKind.ResourceExhausted,
            "MessageTooLarge",
            $"A message to a method that needs no certificate may have {most} bytes.",
            action: "Send a join token, a certificate request and a host name, and nothing else."
        );

    [LoggerMessage(LogLevel.Warning, "A call from {Address} was refused: {Reason} ({Left} more such lines were left out.)")]
    private static partial void LogNotValid(ILogger logger, IPAddress? address, string reason, int left);
}
