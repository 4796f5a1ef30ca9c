using System.Globalization;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>The status of a gRPC call in the headers of its HTTP response. Source: grpc/grpc, doc/PROTOCOL-HTTP2.md.</summary>
internal static class GrpcStatusHeaders
{
    private const string StatusName = "grpc-status";
    private const string MessageName = "grpc-message";

    /// <summary>Answers a call with a status and no message. Nothing of its body is read.</summary>
    public static void Respond(HttpContext context, RpcException refusal)
    {
        context.Response.ContentType = "application/grpc";
        Set(context.Response.Headers, refusal);
    }

    /// <summary>The status that a call has been answered with, its text, and its error id or nothing; null when there is no status.</summary>
    public static (StatusCode Code, string Detail, string ErrorId)? Read(HttpContext context)
    {
        var place = PlaceOf(context);
        return
            place is not null
            && place.TryGetValue(StatusName, out var status)
            && int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? ((StatusCode)code, Uri.UnescapeDataString(place[MessageName].ToString()), place["swarm-error-id"].ToString())
            : null;
    }

    /// <summary>Puts another status in the place of the one that a call has been answered with.</summary>
    public static void Replace(HttpContext context, RpcException status)
    {
        if (PlaceOf(context) is { } place)
        {
            Set(place, status);
        }
    }

    /// <summary>An answer without a message has its status in the headers; else it follows the messages. Null: it has been sent.</summary>
    private static IHeaderDictionary? PlaceOf(HttpContext context)
    {
        var place = context.Response.HasStarted ? context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers : context.Response.Headers;
        return place is { IsReadOnly: false } ? place : null;
    }

    private static void Set(IHeaderDictionary place, RpcException status)
    {
        place[StatusName] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        place[MessageName] = Encode(status.Status.Detail);
        foreach (var entry in status.Trailers)
        {
            place[entry.Key] = entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes).TrimEnd('=') : new StringValues(entry.Value);
        }
    }

    private static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (b is >= 0x20 and <= 0x7e and not (byte)'%')
            {
                encoded.Append((char)b);
            }
            else
            {
                encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
        }
        return encoded.ToString();
    }
}
