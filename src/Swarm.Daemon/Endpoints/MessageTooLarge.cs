using Microsoft.AspNetCore.Http.Features;
using Swarm.Core.Errors;
using Swarm.Security;
using Swarm.Wire.Errors;

namespace Swarm.Daemon.Endpoints;

/// <summary>Tells callers whose message was too large what to do. gRPC refuses such a message before the interceptors of a unary call run, and without
/// our trailers.</summary>
internal static class MessageTooLarge
{
    private const int MaxMegabytes = ClusterChannel.MaxMessageSize / (1024 * 1024);

    /// <summary>Adds error id and action to gRPC's own refusals: the size of a message is the only limit that gRPC watches here.</summary>
    public static void ExplainTooLargeMessages(this WebApplication app) =>
        app.Use(
            static async (HttpContext context, RequestDelegate next) =>
            {
                await next(context);
                Explain(context.Response);
            }
        );

    private static void Explain(HttpResponse response)
    {
        // A status without any message before it is among the headers.
        var trailers = response.HasStarted ? response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers : response.Headers;
        if (trailers is not { IsReadOnly: false } || trailers["grpc-status"] != "8" || trailers.ContainsKey("swarm-error-id"))
        {
            return;
        }
        var refusal = RefusalStatus.ToRpcException(
            new SwarmException(
                SwarmErrorKind.ResourceExhausted,
                "RequestTooLarge",
                $"The message is larger than swarmd reads ({MaxMegabytes} MB).",
                action: "Make it smaller: fewer or shorter labels, environment variables and mounts, or fewer objects in one call."
            )
        );
        trailers["grpc-message"] = refusal.Status.Detail;
        foreach (var entry in refusal.Trailers)
        {
            trailers[entry.Key] = entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value;
        }
    }
}
