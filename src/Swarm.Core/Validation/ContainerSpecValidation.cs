using System.Text.RegularExpressions;
using Swarm.Core.Model;
using Swarm.Core.Templates;
using static Swarm.Core.Validation.ServiceSpecValidation;

namespace Swarm.Core.Validation;

/// <summary>The rules of what a container is made of.</summary>
public static partial class ContainerSpecValidation
{
    /// <summary>Source: capabilities(7).</summary>
    private static readonly HashSet<string> Capabilities = new(
        [
            "ALL",
            "AUDIT_CONTROL",
            "AUDIT_READ",
            "AUDIT_WRITE",
            "BLOCK_SUSPEND",
            "BPF",
            "CHECKPOINT_RESTORE",
            "CHOWN",
            "DAC_OVERRIDE",
            "DAC_READ_SEARCH",
            "FOWNER",
            "FSETID",
            "IPC_LOCK",
            "IPC_OWNER",
            "KILL",
            "LEASE",
            "LINUX_IMMUTABLE",
            "MAC_ADMIN",
            "MAC_OVERRIDE",
            "MKNOD",
            "NET_ADMIN",
            "NET_BIND_SERVICE",
            "NET_BROADCAST",
            "NET_RAW",
            "PERFMON",
            "SETFCAP",
            "SETGID",
            "SETPCAP",
            "SETUID",
            "SYS_ADMIN",
            "SYS_BOOT",
            "SYS_CHROOT",
            "SYSLOG",
            "SYS_MODULE",
            "SYS_NICE",
            "SYS_PACCT",
            "SYS_PTRACE",
            "SYS_RAWIO",
            "SYS_RESOURCE",
            "SYS_TIME",
            "SYS_TTY_CONFIG",
            "WAKE_ALARM",
        ],
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>Source: signal(7).</summary>
    private static readonly HashSet<string> Signals = new(
        [
            "ABRT",
            "ALRM",
            "BUS",
            "CHLD",
            "CLD",
            "CONT",
            "FPE",
            "HUP",
            "ILL",
            "INT",
            "IO",
            "IOT",
            "KILL",
            "PIPE",
            "POLL",
            "PROF",
            "PWR",
            "QUIT",
            "SEGV",
            "STKFLT",
            "STOP",
            "SYS",
            "TERM",
            "TRAP",
            "TSTP",
            "TTIN",
            "TTOU",
            "URG",
            "USR1",
            "USR2",
            "VTALRM",
            "WINCH",
            "XCPU",
            "XFSZ",
        ],
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>The names of stop signals, without <c>SIG</c>; an executor knows all of them.</summary>
    public static IReadOnlyCollection<string> SignalNames => Signals;

    /// <summary>The rules for a service's spec. Templates are expanded on the node: what is around their actions must be valid, and the node looks at the
    /// result with <see cref="ValidateExpanded"/>.</summary>
    /// <param name="spec">The container of the new spec.</param>
    /// <param name="before">The container of the spec that it replaces, if any. A template that is in there is left alone: an earlier version, or an
    /// engine, has taken it.</param>
    public static void Validate(ContainerSpec spec, ContainerSpec? before = null)
    {
        ValidateImage(spec.Image);
        ValidateTemplates(spec, before);
        ValidateEnvironment(spec.Env, before?.Env);
        ValidateLabels(spec.Labels, "container", before?.Labels);
        ValidateMounts(spec.Mounts, expanded: false);
        ValidateHealthCheck(spec.HealthCheck);
        ValidateStopSignal(spec.StopSignal);
        ValidateDuration(spec.StopGracePeriod, "stop grace period");
        foreach (var name in spec.CapabilityAdd.Concat(spec.CapabilityDrop))
        {
            var bare = name.StartsWith("CAP_", StringComparison.OrdinalIgnoreCase) ? name[4..] : name;
            if (!Capabilities.Contains(bare))
            {
                throw Refuse(
                    "InvalidCapability",
                    $"'{name}' is not a capability.",
                    name,
                    "Use a name of capabilities(7), such as CAP_NET_ADMIN."
                );
            }
        }
        ValidateHostname(spec.Hostname, expanded: false);
        if (spec.Dir.Length > 0 && !IsAbsolute(spec.Dir))
        {
            throw Refuse(
                "InvalidWorkingDirectory",
                $"The working directory '{spec.Dir}' is not absolute.",
                spec.Dir,
                "Give an absolute path."
            );
        }
        ValidateTexts(spec);
        ContainerUserValidation.Validate(spec, before);
        SysctlValidation.Validate(spec.Sysctls, before?.Sysctls);
    }

    /// <summary>The rules for what placeholders have become.</summary>
    public static void ValidateExpanded(ContainerSpec spec)
    {
        // Names are not expanded. The name may be one that an earlier version took.
        ValidateEnvironment([.. spec.Env.Where(static e => e.Contains('\0'))], before: null);
        ValidateHostname(spec.Hostname, expanded: true);
        ValidateMounts(spec.Mounts, expanded: true);
    }

    private static void ValidateTemplates(ContainerSpec spec, ContainerSpec? before)
    {
        var known = before is null ? [] : ContainerTemplates.Of(before).Select(static t => t.Text).ToHashSet(StringComparer.Ordinal);
        foreach (var template in ContainerTemplates.Of(spec))
        {
            if (!TextTemplate.TryParse(template.Text, out _, out var error) && !known.Contains(template.Text))
            {
                throw template.RefusalWithCaret(error);
            }
        }
    }

    private static void ValidateHostname(string hostname, bool expanded)
    {
        if (hostname.Length > 0 && !HostName().IsMatch(expanded ? hostname : Filled(hostname)))
        {
            throw Refuse(
                "InvalidHostname",
                $"'{hostname}' is not a valid host name.",
                hostname,
                "Use at most 63 letters, digits, '-' and '.', beginning and ending with a letter or digit."
            );
        }
    }

    /// <summary>The text with a letter in the place of each value: the least that it can become.</summary>
    /// <param name="text">The template.</param>
    /// <param name="label">A value for the service's labels.</param>
    private static string Filled(string text, string label = "a")
    {
        if (!TextTemplate.HasActions(text))
        {
            return text;
        }
        // A template that an engine has taken and that cannot be read here is judged by its surroundings.
        return TextTemplate.TryParse(text, out var template, out _) ? template.Expand(Sample(label)) : Placeholder().Replace(text, "a");
    }

    private static TemplateContext Sample(string label) =>
        new()
        {
            ServiceId = "a",
            ServiceName = "a",
            ServiceLabels = ValueMap.Empty,
            AnyLabel = label,
            NodeId = "a",
            NodeHostname = "a",
            Os = "a",
            Architecture = "a",
            TaskId = "a",
            TaskName = "a",
            TaskSlot = "a",
        };

    private static void ValidateImage(string image)
    {
        if (image.Length == 0)
        {
            throw Refuse("InvalidImage", "A service needs an image.", "", "Give an image such as redis:3.0.6.");
        }
        if (!ImageReference.TryParse(image, out _))
        {
            var shown = image.Length > 100 ? image[..100] + "…" : image;
            var hint = image.Any(char.IsAsciiLetterUpper) ? " The name must be in lower case." : "";
            throw Refuse(
                "InvalidImage",
                $"'{shown}' is not a valid image reference.{hint}",
                shown,
                "Write it as [registry/]name[:tag][@digest], such as redis:3.0.6."
            );
        }
    }

    /// <summary>The rule for every text and every map. An option without a rule of its own has at least this one.</summary>
    private static void ValidateTexts(ContainerSpec spec)
    {
        foreach (var (path, value) in SpecProperties.Of(spec))
        {
            if (value is ValueMap map && path != nameof(ContainerSpec.Labels))
            {
                ValidateEntries(path, map);
            }
            IEnumerable<string> texts = value switch
            {
                string text => [text],
                ValueList<string> list => list,
                _ => [],
            };
            // The kernel ends every such string at NUL.
            if (texts.Any(t => t.Contains('\0', StringComparison.Ordinal)))
            {
                throw Refuse("InvalidText", $"{path} contains a NUL character.", path, "Remove the NUL character.");
            }
        }
    }

    private static void ValidateEntries(string path, ValueMap map)
    {
        foreach (var (name, value) in map)
        {
            if (!IsLabelName(name) || value.Contains('\0', StringComparison.Ordinal))
            {
                throw Refuse(
                    "Invalid" + path,
                    $"The entry '{VisibleText.OfName(name)}' of {path} is not valid.",
                    name,
                    "Use a name without spaces, control characters, invisible characters and '=', and a value without NUL characters."
                );
            }
        }
    }

    private static void ValidateEnvironment(ValueList<string> env, ValueList<string>? before)
    {
        foreach (var entry in env)
        {
            if (before?.Contains(entry) == true)
            {
                continue;
            }
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? entry : entry[..equals];
            if (name.Length == 0 || equals < 0 || name.Contains(' ') || !VisibleText.IsPlain(name) || entry.Contains('\0'))
            {
                // The value may be a secret: it is not repeated.
                throw Refuse(
                    "InvalidEnvironment",
                    $"The environment variable '{VisibleText.OfName(name)}' is not of the form NAME=value.",
                    name,
                    "Write NAME=value. The name has no spaces, and neither control characters nor invisible ones."
                );
            }
        }
    }

    private static void ValidateMounts(ValueList<Mount> mounts, bool expanded)
    {
        var targets = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mount in mounts)
        {
            // A label may hold a whole path.
            if (!IsAbsolute(expanded ? mount.Target : Filled(mount.Target, "/a")))
            {
                throw Refuse(
                    "InvalidMountTarget",
                    $"The mount target '{mount.Target}' is not absolute.",
                    mount.Target,
                    "Give an absolute path."
                );
            }
            var trimmed = mount.Target.Length > 1 ? mount.Target.TrimEnd('/') : mount.Target;
            if (!targets.Add(trimmed))
            {
                throw Refuse(
                    "DuplicateMountTarget",
                    $"Two mounts have the target '{mount.Target}'.",
                    mount.Target,
                    "Give each mount a target of its own."
                );
            }
            var source = expanded ? mount.Source : Filled(mount.Source, mount.Type == MountType.Bind ? "/a" : "a");
            switch (mount.Type)
            {
                case MountType.Bind when !IsAbsolute(source):
                    throw Refuse(
                        "InvalidMountSource",
                        $"The source '{mount.Source}' of the bind mount at '{mount.Target}' is not absolute.",
                        mount.Source,
                        "Give an absolute path on the node."
                    );
                case MountType.Tmpfs when mount.Source.Length > 0:
                    throw Refuse(
                        "InvalidMountSource",
                        $"The tmpfs mount at '{mount.Target}' has a source.",
                        mount.Source,
                        "A tmpfs has none: leave it out."
                    );
                case MountType.Volume when mount.Source.Length > 0 && !VolumeName().IsMatch(source):
                    throw Refuse(
                        "InvalidMountSource",
                        $"'{mount.Source}' is not a valid volume name.",
                        mount.Source,
                        "Use letters, digits, '_', '.' and '-', beginning with a letter or digit; for a directory of the node use a bind mount."
                    );
                default:
                    break;
            }
            if (mount.Type != MountType.Tmpfs && (mount.TmpfsSizeBytes > 0 || mount.TmpfsMode > 0))
            {
                throw Refuse(
                    "InvalidMountOption",
                    $"The mount at '{mount.Target}' has tmpfs options and is no tmpfs.",
                    mount.Target,
                    "Leave out size and mode, or make it a tmpfs."
                );
            }
            if (mount.TmpfsMode > 0xFFF)
            {
                throw Refuse(
                    "InvalidMountOption",
                    $"The mode of the tmpfs at '{mount.Target}' is no file mode.",
                    mount.Target,
                    "Give an octal mode such as 1777."
                );
            }
            if (mount.Type != MountType.Volume && (mount.VolumeDriver.Length > 0 || mount.VolumeLabels.Count > 0))
            {
                throw Refuse(
                    "InvalidMountOption",
                    $"The mount at '{mount.Target}' has volume options and is no volume.",
                    mount.Target,
                    "Leave out driver and labels, or make it a volume."
                );
            }
        }
    }

    private static void ValidateHealthCheck(HealthCheck? check)
    {
        if (check is null)
        {
            return;
        }
        var valid = check.Test switch
        {
            { Count: 0 } => true, // The image's test, with other times.
            { Count: 1 } when check.Test[0] == "NONE" => true,
            { Count: 2 } when check.Test[0] == "CMD-SHELL" && check.Test[1].Length > 0 => true,
            { Count: >= 2 } when check.Test[0] == "CMD" && check.Test[1].Length > 0 => true,
            _ => false,
        };
        if (!valid)
        {
            throw Refuse(
                "InvalidHealthCheck",
                $"The health check's test {check.Test} has none of the known forms.",
                "HealthCheck",
                "Use NONE; CMD with a program and its arguments; or CMD-SHELL with one line."
            );
        }
        ValidateHealthTime(check.Interval, "interval");
        ValidateHealthTime(check.Timeout, "timeout");
        ValidateHealthTime(check.StartPeriod, "start period");
    }

    private static void ValidateHealthTime(TimeSpan time, string what)
    {
        ValidateDuration(time, "health check's " + what);
        // Source: moby container/health: less than 1 ms is refused by the engine.
        if (time > TimeSpan.Zero && time < TimeSpan.FromMilliseconds(1))
        {
            throw Refuse(
                "InvalidDuration",
                $"The health check's {what} is less than 1 ms.",
                what,
                "Give 0 for the default, or at least 1ms."
            );
        }
    }

    private static void ValidateStopSignal(string signal)
    {
        if (signal.Length == 0 || RealTimeSignal().IsMatch(signal))
        {
            return;
        }
        var bare = signal.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? signal[3..] : signal;
        var isNumber = byte.TryParse(signal, System.Globalization.NumberStyles.None, null, out var number);
        if (isNumber ? number is < 1 or > 64 : !Signals.Contains(bare))
        {
            throw Refuse(
                "InvalidStopSignal",
                $"'{signal}' is not a signal.",
                signal,
                "Use a name such as SIGTERM, or a number from 1 to 64."
            );
        }
    }

    /// <summary>Nodes may run Linux or Windows; the manager cannot know which yet.</summary>
    private static bool IsAbsolute(string path) => path.StartsWith('/') || WindowsRoot().IsMatch(path);

    [GeneratedRegex(@"\{\{.*?\}\}", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\A[a-zA-Z]:[\\/]", RegexOptions.CultureInvariant)]
    private static partial Regex WindowsRoot();

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_.\-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex VolumeName();

    [GeneratedRegex(@"\A(?=.{1,63}\z)[a-zA-Z0-9](?:[a-zA-Z0-9.\-]*[a-zA-Z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostName();

    [GeneratedRegex(
        @"\A(?:SIG)?RTM(?:IN(?:\+(?:[0-9]|1[0-5]))?|AX(?:-(?:[0-9]|1[0-4]))?)\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex RealTimeSignal();
}
