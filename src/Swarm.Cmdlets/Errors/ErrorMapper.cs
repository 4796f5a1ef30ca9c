using System.Text;
using Grpc.Core;

namespace Swarm.Cmdlets.Errors;

/// <summary>The only place that turns an error (a gRPC status with its trailers, or our own) into an error record.</summary>
internal static class ErrorMapper
{
    // Keys of the trailers: top of control.proto.
    internal const string IdKey = "swarm-error-id";
    private const string TargetKey = "swarm-target";
    internal const string ActionKey = "swarm-action";

    private static readonly string[] OfParameters = ["ConflictingParameters", "MissingParameter", "NothingToChange"];

    private static readonly HashSet<string> EndPipeline =
    [
        "DaemonUnavailable",
        "SessionClosed",
        "ManagerUnavailable",
        "ManagerNotTrusted",
        "CertificateInvalid",
        "CertificateRefused",
        "NotAuthenticated",
        "SandboxStartFailed",
        "DaemonNotFound",
        .. OfParameters,
    ];

    public static bool EndsPipeline(ErrorRecord record) => record.Exception is SwarmException e && EndPipeline.Contains(e.ErrorId);

    /// <summary>The parameters are wrong by themselves, whatever the swarm has.</summary>
    public static bool IsOfParameters(ErrorRecord record) => record.Exception is SwarmException e && OfParameters.Contains(e.ErrorId);

    public static ErrorRecord ToRecord(Exception exception, object? target = null) =>
        exception switch
        {
            RpcException rpc => FromRpc(rpc, target),
            SwarmException own => Create(own, CategoryOf(own.ErrorId), target),
            IOException or UnauthorizedAccessException => Create(
                new SwarmException("FileAccessFailed", exception.Message, "", "Give a path that you may write to."),
                ErrorCategory.WriteError,
                target
            ),
            _ => Create(new SwarmException("SwarmError", exception.Message, "", ""), ErrorCategory.NotSpecified, target),
        };

    /// <summary>The stable id the daemon sent, or the one of the status.</summary>
    public static string IdOf(RpcException exception) => Trailer(exception.Trailers, IdKey) ?? DefaultId(exception);

    /// <summary>The object of the error, as the daemon named it; empty when it named none.</summary>
    public static string TargetOf(RpcException exception) => Trailer(exception.Trailers, TargetKey) ?? "";

    /// <summary>The connection broke in the middle of the call, without an error from the daemon.</summary>
    public static bool IsLostConnection(RpcException exception) =>
        ToldByConnection(exception) is null && IdOf(exception) == "DaemonUnavailable";

    private static ErrorRecord FromRpc(RpcException rpc, object? target)
    {
        if (ToldByConnection(rpc) is { } told)
        {
            return Create(told, CategoryOf(told.ErrorId), target);
        }
        var id = IdOf(rpc);
        var named = TargetOf(rpc);
        var action = Trailer(rpc.Trailers, ActionKey) ?? DefaultAction(id);
        var message = id switch
        {
            "DaemonUnavailable" => "swarmd does not answer. " + Reason(rpc),
            _ when rpc.Status.Detail.Length > 0 => rpc.Status.Detail,
            _ => $"The manager refused the call ({rpc.StatusCode}).",
        };
        var own = new SwarmException(id, message.TrimEnd(), named, action);
        return Create(own, CategoryOf(rpc.StatusCode), target ?? (named.Length > 0 ? named : null));
    }

    /// <summary>The reason why a session could not open its connection, when the session knows it better than the transport.</summary>
    private static SwarmException? ToldByConnection(RpcException rpc)
    {
        for (var e = rpc.Status.DebugException; e is not null; e = e.InnerException)
        {
            if (e is SwarmException told)
            {
                return told;
            }
        }
        return null;
    }

    private static ErrorRecord Create(SwarmException exception, ErrorCategory category, object? target)
    {
        target ??= exception.Target.Length > 0 ? exception.Target : null;
        exception = Shown(exception);
        var record = new ErrorRecord(exception, exception.ErrorId, category, target);
        // Views of errors show the target by this text; the object itself keeps the data.
        record.CategoryInfo.TargetName = VisibleText.Of(record.CategoryInfo.TargetName);
        if (exception.Action.Length > 0)
        {
            // The next step is part of the message, for hosts and logs that show nothing else. It is not the RecommendedAction too: pwsh
            // would show it
            // twice. A script finds it in the exception's Action.
            var message = exception.Message.Contains(exception.Action, StringComparison.Ordinal)
                ? exception.Message
                : $"{exception.Message}{(exception.Message.EndsWith('.') ? "" : ".")} {exception.Action}";
            record.ErrorDetails = new ErrorDetails(message);
        }
        return record;
    }

    /// <summary>The error with visible escapes for control characters in its sentences: they may repeat a text of a node or an engine.</summary>
    private static SwarmException Shown(SwarmException exception)
    {
        var (message, action) = (VisibleText.Lines(exception.Message), VisibleText.Lines(exception.Action));
        return message == exception.Message && action == exception.Action
            ? exception
            : new SwarmException(exception.ErrorId, message, exception.Target, action);
    }

    private static string? Trailer(Metadata trailers, string key)
    {
        foreach (var entry in trailers)
        {
            if (entry.Key == key && !entry.IsBinary)
            {
                return entry.Value;
            }
            if (entry.IsBinary && entry.Key == key + Metadata.BinaryHeaderSuffix)
            {
                return Encoding.UTF8.GetString(entry.ValueBytes);
            }
        }
        return null;
    }

    private static string DefaultId(RpcException rpc) =>
        rpc.StatusCode switch
        {
            StatusCode.NotFound => "ObjectNotFound",
            StatusCode.AlreadyExists => "NameConflict",
            StatusCode.InvalidArgument => "InvalidArgument",
            StatusCode.PermissionDenied => "PermissionDenied",
            StatusCode.Unauthenticated => "NotAuthenticated",
            StatusCode.FailedPrecondition => "InvalidState",
            StatusCode.Unavailable => "DaemonUnavailable",
            StatusCode.Internal when IsTransport(rpc) => "DaemonUnavailable",
            StatusCode.ResourceExhausted => "LimitExceeded",
            StatusCode.Unimplemented => "NotSupported",
            StatusCode.DeadlineExceeded => "TimedOut",
            StatusCode.Aborted => "VersionConflict",
            _ => "SwarmError",
        };

    private static bool IsTransport(RpcException rpc) => rpc.Status.DebugException is HttpRequestException or IOException;

    private static string Reason(RpcException rpc)
    {
        for (var e = rpc.Status.DebugException; e is not null; e = e.InnerException)
        {
            if (e is System.Net.Sockets.SocketException or System.Security.Authentication.AuthenticationException)
            {
                return e.Message.TrimEnd('.') + ".";
            }
        }
        return "";
    }

    private static string DefaultAction(string id) =>
        id switch
        {
            "DaemonUnavailable" =>
                "Start it (systemctl start swarmd, or Start-SwarmSandbox to try out), or name another one with Connect-Swarm; $env:SWARM_SOCKET names the local socket.",
            // gRPC's own refusal: a message is larger than the receiver reads.
            "LimitExceeded" =>
                "Ask for less in one call: name fewer objects, or make labels, environment variables and other texts shorter.",
            _ => "",
        };

    private static ErrorCategory CategoryOf(StatusCode code) =>
        code switch
        {
            StatusCode.NotFound => ErrorCategory.ObjectNotFound,
            StatusCode.AlreadyExists => ErrorCategory.ResourceExists,
            StatusCode.InvalidArgument or StatusCode.OutOfRange => ErrorCategory.InvalidArgument,
            StatusCode.PermissionDenied => ErrorCategory.PermissionDenied,
            StatusCode.Unauthenticated => ErrorCategory.AuthenticationError,
            StatusCode.FailedPrecondition => ErrorCategory.InvalidOperation,
            StatusCode.Unavailable => ErrorCategory.ResourceUnavailable,
            StatusCode.Internal => ErrorCategory.ConnectionError,
            StatusCode.ResourceExhausted => ErrorCategory.LimitsExceeded,
            StatusCode.Unimplemented => ErrorCategory.NotImplemented,
            StatusCode.DeadlineExceeded => ErrorCategory.OperationTimeout,
            StatusCode.Aborted => ErrorCategory.ResourceBusy,
            _ => ErrorCategory.NotSpecified,
        };

    private static ErrorCategory CategoryOf(string errorId) =>
        errorId switch
        {
            _ when errorId.EndsWith("NotFound", StringComparison.Ordinal) => ErrorCategory.ObjectNotFound,
            "NetworkNotAttached" => ErrorCategory.ObjectNotFound,
            _ when errorId.EndsWith("Exists", StringComparison.Ordinal) => ErrorCategory.ResourceExists,
            "NotAdministrator" => ErrorCategory.PermissionDenied,
            "ManagerNotTrusted" => ErrorCategory.AuthenticationError,
            "FirewallNotRunning" or "FirewallAmbiguous" or "PortClosedByAdministrator" => ErrorCategory.InvalidOperation,
            "PackageManagerLocked" => ErrorCategory.ResourceBusy,
            "NetworkUnavailable" or "EngineNotStarted" => ErrorCategory.ResourceUnavailable,
            "FirewallChangeFailed" or "FirewallToolFailed" or "EngineInstallFailed" => ErrorCategory.WriteError,
            "UnsupportedDistribution" or "SourceNotAvailable" => ErrorCategory.NotImplemented,
            "WaitTimeout" => ErrorCategory.OperationTimeout,
            "DaemonUnavailable" or "ManagerUnavailable" or "SandboxStartFailed" => ErrorCategory.ResourceUnavailable,
            "SessionClosed" or "UpdatePaused" or "UpdateRolledBack" or "DeploymentFailed" or "ReplacementFailed" or "AutolockNotEnabled" =>
                ErrorCategory.InvalidOperation,
            "CertificateInvalid" or "CertificateRefused" => ErrorCategory.SecurityError,
            "VersionConflict" => ErrorCategory.ResourceBusy,
            "SandboxStopIncomplete" => ErrorCategory.CloseError,
            _ => ErrorCategory.InvalidArgument,
        };
}
