using System.Buffers;
using System.Text.RegularExpressions;
using Swarm.Core.Constraints;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Validation;

/// <summary>The one place that says whether a service may be as its spec has it. Every rule has an error id of its own.</summary>
public static partial class ServiceSpecValidation
{
    /// <summary>The most replicas of one service.</summary>
    public const ulong MaxReplicas = 1_000_000;

    /// <summary>Bytes; an entry of the log holds 1 MB at most, and a spec shares it.</summary>
    public const int MaxSpecBytes = 512 * 1024;

    /// <summary>Source: Docker ("minimum memory limit allowed is 4MB" became 4 MiB in moby/swarmkit manager/controlapi/service.go).</summary>
    private const long MinMemoryBytes = 4 * 1024 * 1024;

    /// <summary>Source: moby/swarmkit manager/controlapi/service.go, 0.001 CPUs.</summary>
    private const long MinNanoCpus = 1_000_000;

    private static readonly SearchValues<char> NotInLabels = SearchValues.Create(" =");

    /// <summary>The rules for a new service.</summary>
    /// <exception cref="SwarmException">InvalidArgument with the id of the first rule that is broken; the message says what to do.</exception>
    public static void Validate(ServiceSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ValidateName(spec.Name);
        ValidateAllButName(spec, null);
    }

    /// <summary>The rules for a change of a service. Its name cannot change, so that a name that an earlier version took stays. Templates that do not
    /// change are not looked at.</summary>
    /// <param name="spec">The spec that is to be.</param>
    /// <param name="before">The spec that it replaces.</param>
    /// <exception cref="SwarmException">InvalidArgument with the id of the first rule that is broken; the message says what to do.</exception>
    public static void ValidateChange(ServiceSpec spec, ServiceSpec before)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(before);
        ValidateAllButName(spec, before);
    }

    private static void ValidateAllButName(ServiceSpec spec, ServiceSpec? before)
    {
        if (JsonSize.Of(spec) > MaxSpecBytes)
        {
            throw Refuse(
                "SpecTooLarge",
                "The spec is larger than 512 KiB.",
                spec.Name,
                "Use fewer or shorter labels, environment variables and mounts."
            );
        }
        ValidateLabels(spec.Labels, "service", before?.Labels);
        ContainerSpecValidation.Validate(spec.Container, before?.Container);
        ValidateResources(spec.Resources);
        ValidateRestart(spec.Restart);
        ValidatePlacement(spec.Placement, before?.Placement);
        if (spec is { Mode: ServiceMode.Global, Placement.MaxReplicasPerNode: > 0 })
        {
            // Docker: "replicas-max-per-node can only be used with replicated or replicated-job mode" (docker/cli cli/command/service/opts.go).
            throw Refuse(
                "MaxReplicasOfGlobalService",
                "The most replicas per node can only be set for a replicated service: a global one has one task on each node.",
                spec.Name,
                "Leave the most replicas per node out, or set it to 0."
            );
        }
        ValidateUpdate(spec.Update, "update");
        ValidateUpdate(spec.Rollback, "rollback");
        NetworkValidation.Validate(spec);
        if (spec.Mode is ServiceMode.Replicated { Replicas: > MaxReplicas } mode)
        {
            throw InvalidReplicas(mode.Replicas.ToString(System.Globalization.CultureInfo.InvariantCulture), spec.Name);
        }
    }

    /// <summary>Docker's rule: 1–63 characters, letters, digits, <c>-</c> and <c>_</c>, first and last a letter or digit. Source: moby/swarmkit
    /// manager/controlapi/common.go.</summary>
    public static void ValidateName(string name)
    {
        if (!Name().IsMatch(name))
        {
            var what = name.Length switch
            {
                0 => "A service needs a name.",
                > 63 => $"The name '{VisibleText.OfName(name[..63])}…' is longer than 63 characters.",
                _ when name.Contains('.', StringComparison.Ordinal) =>
                    $"'{VisibleText.OfName(name)}' is not a valid service name: '.' separates the parts of a DNS name, and a service has one part.",
                _ => $"'{VisibleText.OfName(name)}' is not a valid service name.",
            };
            throw Refuse(
                "InvalidName",
                what,
                name,
                "Use 1 to 63 letters, digits, '-' and '_', beginning and ending with a letter or digit."
            );
        }
    }

    public static void ValidateReplicas(long replicas, string service)
    {
        if (replicas < 0 || (ulong)replicas > MaxReplicas)
        {
            throw InvalidReplicas(replicas.ToString(System.Globalization.CultureInfo.InvariantCulture), service);
        }
    }

    /// <param name="labels">The new labels.</param>
    /// <param name="of">The object that has them, for the error.</param>
    /// <param name="before">The labels that they replace, if any. A name that is in there is left alone: an earlier version has taken it.</param>
    public static void ValidateLabels(ValueMap labels, string of, ValueMap? before = null)
    {
        foreach (var key in labels.Keys)
        {
            if (!IsLabelName(key) && before?.ContainsKey(key) != true)
            {
                throw Refuse(
                    "InvalidLabel",
                    $"'{VisibleText.OfName(key)}' is not a valid name of a {of} label.",
                    key,
                    "Use a name without spaces, control characters, invisible characters and '='."
                );
            }
        }
    }

    internal static bool IsLabelName(string name) =>
        name.Length > 0 && !name.AsSpan().ContainsAny(NotInLabels) && VisibleText.IsPlain(name);

    /// <summary>Reads the constraints; an error shows its position with a caret under the expression.</summary>
    /// <param name="placement">The new placement.</param>
    /// <param name="before">The placement that it replaces, if any. A constraint that is in there is left alone: an earlier version has taken
    /// it.</param>
    public static void ValidatePlacement(Placement placement, Placement? before = null)
    {
        foreach (var expression in placement.Constraints)
        {
            if (!Constraint.TryParse(expression, out _, out var error) && before?.Constraints.Contains(expression) != true)
            {
                throw InvalidExpression("InvalidConstraint", error);
            }
        }
        foreach (var descriptor in placement.SpreadPreferences)
        {
            if (!SpreadDescriptor.TryParse(descriptor, out _, out var error))
            {
                throw InvalidExpression("InvalidPlacementPreference", error);
            }
        }
    }

    public static SwarmException Refuse(string errorId, string message, string target, string action) =>
        new(SwarmErrorKind.InvalidArgument, errorId, message, target, action);

    public static void ValidateDuration(TimeSpan duration, string what)
    {
        if (duration < TimeSpan.Zero)
        {
            throw Refuse("InvalidDuration", $"The {what} is negative.", what, "Give a duration of zero or more, such as 10s or 1m30s.");
        }
        // A deadline is a moment plus a duration, and has to be a moment again.
        if (duration > TimeSpan.FromDays(36_500))
        {
            throw Refuse("InvalidDuration", $"The {what} is longer than 100 years.", what, "Give a shorter duration.");
        }
    }

    private static SwarmException InvalidReplicas(string replicas, string service) =>
        Refuse("InvalidReplicas", $"{replicas} is not a valid number of replicas.", service, "Give a number from 0 to 1000000.");

    private static SwarmException InvalidExpression(string errorId, ConstraintSyntaxException error)
    {
        // Control characters would move the caret.
        var shown = VisibleText.Blank(error.Expression);
        return Refuse(
            errorId,
            $"{error.Message}\n  {shown}\n  {new string(' ', error.Position)}^",
            error.Expression,
            errorId == "InvalidConstraint"
                ? "Write constraints as key==value or key!=value, such as node.labels.zone==east."
                : "Write preferences as spread=node.labels.<name> or spread=engine.labels.<name>."
        );
    }

    private static void ValidateResources(ResourceRequirements resources)
    {
        ValidateAmount(resources.Limits, "limit");
        ValidateAmount(resources.Reservations, "reservation");
        if (resources.PidsLimit < 0)
        {
            throw Refuse(
                "InvalidPidsLimit",
                "The limit of processes is negative.",
                "PidsLimit",
                "Give 0 for no limit, or a positive number."
            );
        }
        if (resources.Limits.MemoryBytes > 0 && resources.Reservations.MemoryBytes > resources.Limits.MemoryBytes)
        {
            throw Refuse(
                "ReservationExceedsLimit",
                $"The memory reservation ({resources.Reservations.MemoryBytes} bytes) exceeds the limit ({resources.Limits.MemoryBytes} bytes).",
                "MemoryBytes",
                "Raise the limit or lower the reservation."
            );
        }
        if (resources.Limits.NanoCpus > 0 && resources.Reservations.NanoCpus > resources.Limits.NanoCpus)
        {
            throw Refuse(
                "ReservationExceedsLimit",
                $"The CPU reservation ({resources.Reservations.NanoCpus / 1e9m}) exceeds the limit ({resources.Limits.NanoCpus / 1e9m}).",
                "NanoCpus",
                "Raise the limit or lower the reservation."
            );
        }
    }

    private static void ValidateAmount(ResourceAmount amount, string what)
    {
        if (amount.NanoCpus != 0 && amount.NanoCpus < MinNanoCpus)
        {
            throw Refuse(
                "InvalidCpus",
                $"A CPU {what} of {amount.NanoCpus / 1e9m} is too small.",
                "NanoCpus",
                "Give 0 for none, or at least 0.001 CPUs."
            );
        }
        if (amount.MemoryBytes != 0 && amount.MemoryBytes < MinMemoryBytes)
        {
            throw Refuse(
                "InvalidMemory",
                $"A memory {what} of {amount.MemoryBytes} bytes is too small.",
                "MemoryBytes",
                "Give 0 for none, or at least 4 MiB."
            );
        }
    }

    private static void ValidateRestart(RestartPolicy restart)
    {
        ValidateDuration(restart.Delay, "restart delay");
        ValidateDuration(restart.Window, "restart window");
    }

    private static void ValidateUpdate(UpdateConfig config, string what)
    {
        ValidateDuration(config.Delay, what + " delay");
        ValidateDuration(config.Monitor, what + " monitor");
        // Source: moby/swarmkit manager/controlapi/service.go. NaN is neither.
        if (config.MaxFailureRatio is not (>= 0 and <= 1))
        {
            throw Refuse(
                "InvalidFailureRatio",
                $"The largest failure ratio of the {what} is not between 0 and 1.",
                "MaxFailureRatio",
                "Give a share such as 0.25."
            );
        }
        // SwarmKit accepts it, and its updater pauses such a rollback: "never roll back a rollback" (manager/orchestrator/update/updater.go).
        if (what == "rollback" && config.FailureAction == FailureAction.Rollback)
        {
            throw Refuse(
                "InvalidFailureAction",
                "A rollback that fails cannot be rolled back.",
                "FailureAction",
                "Use Pause or Continue as the failure action of the rollback."
            );
        }
    }

    [GeneratedRegex(@"\A(?=.{1,63}\z)[a-zA-Z0-9](?:[a-zA-Z0-9\-_]*[a-zA-Z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
