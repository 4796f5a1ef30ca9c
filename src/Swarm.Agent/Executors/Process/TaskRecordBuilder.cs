using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Swarm.Core.Model;
using Swarm.Core.Validation;
using Swarm.Wire.Limits;

namespace Swarm.Agent.Executors.Process;

/// <summary>Converts a task definition to an executable record, and refuses options that a host process cannot have.</summary>
internal static class TaskRecordBuilder
{
    public static TaskRecord Build(
        TaskDefinition task,
        ProcessImage image,
        ExecutorNode node,
        string directory,
        string sampleServer,
        DateTimeOffset now
    )
    {
        var spec = task.Spec.Container;
        Refuse(spec);
        var containerId = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{node.ClusterId}/{node.NodeId}/{task.TaskId}"))
        );
        var (prefix, home) = UserPrefix(spec);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = Path.Combine(image.Directory, "bin") + ":" + SystemTool.StandardPath,
            ["HOSTNAME"] = spec.Hostname.Length > 0 ? spec.Hostname : containerId[..12],
            ["HOME"] = home,
            ["SWARM_IMAGE_DIR"] = image.Directory,
            [TaskProcesses.DirectoryVariable] = directory,
        };
        AddEndpoint(environment, task, sampleServer);
        foreach (var entry in image.Manifest.Env.Concat(spec.Env))
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0 || entry.Contains('\0', StringComparison.Ordinal))
            {
                throw new TaskRejectedException("InvalidOption", $"Environment entry '{BoundedText.Argument(entry)}' is not NAME=value.");
            }
            // A name alone removes the variable, as in Docker.
            if (equals < 0)
            {
                environment.Remove(entry);
            }
            else
            {
                environment[entry[..equals]] = entry[(equals + 1)..];
            }
        }
        var workingDirectory =
            spec.Dir.Length > 0 ? spec.Dir
            : image.Manifest.WorkingDir.Length > 0 ? Path.GetFullPath(image.Manifest.WorkingDir, image.Directory)
            : Path.Combine(directory, "work");
        if (!Path.IsPathRooted(workingDirectory) || (spec.Dir.Length > 0 && !Directory.Exists(workingDirectory)))
        {
            throw new TaskRejectedException(
                "InvalidOption",
                $"The working directory '{BoundedText.Argument(workingDirectory)}' is not a directory of this node."
            );
        }
        var stopSignal = spec.StopSignal.Length > 0 ? spec.StopSignal : image.Manifest.StopSignal;
        var signal = PosixSignal.Term;
        if (stopSignal.Length > 0 && !PosixSignal.TryParse(stopSignal, out signal))
        {
            throw new TaskRejectedException("InvalidOption", $"Invalid stop signal '{BoundedText.Argument(stopSignal)}'.");
        }
        var entrypoint = spec.Entrypoint.Count > 0 ? [.. spec.Entrypoint] : image.Manifest.Entrypoint;
        // An entry point of the service's own discards the image's default command, as in Docker.
        var command =
            spec.Command.Count > 0 ? [.. spec.Command]
            : spec.Entrypoint.Count > 0 ? []
            : image.Manifest.Command;
        var arguments = entrypoint.Concat(command).ToList();
        if (arguments.Count == 0)
        {
            throw new TaskRejectedException("InvalidOption", "No command specified.");
        }
        return new TaskRecord
        {
            TaskId = task.TaskId,
            ServiceId = task.ServiceId,
            ClusterId = node.ClusterId,
            NodeId = node.NodeId,
            ContainerId = containerId,
            ContainerName = task.ContainerName,
            Image = spec.Image,
            Labels = spec.Labels.Count > 0 ? spec.Labels.ToDictionary() : null,
            Arguments = arguments,
            Environment = [.. environment.Select(e => $"{e.Key}={e.Value}")],
            Prefix = prefix,
            WorkingDirectory = workingDirectory,
            StopSignal = signal,
            StopGracePeriod = spec.StopGracePeriod,
            HealthCheck = ProbeRecord.From(spec.HealthCheck, image.Manifest.HealthCheck),
            CreatedAt = now,
        };
    }

    /// <summary>Tells the program where the nodes of the swarm look for it. A target port of both transports has one number for each.</summary>
    private static void AddEndpoint(Dictionary<string, string> environment, TaskDefinition task, string sampleServer)
    {
        if (task.Endpoint is not { } endpoint)
        {
            return;
        }
        environment["SWARM_ADDRESS"] = endpoint.Address;
        environment["SWARM_SAMPLE_SERVER"] = sampleServer;
        foreach (var port in task.Spec.Ports)
        {
            var number = endpoint.PortFor(port.Target, port.Protocol).ToString(CultureInfo.InvariantCulture);
            environment[$"SWARM_PORT_{port.Target}_{port.Protocol.ToString().ToUpperInvariant()}"] = number;
            if (port.Protocol == PortProtocol.Tcp || !environment.ContainsKey($"SWARM_PORT_{port.Target}"))
            {
                environment[$"SWARM_PORT_{port.Target}"] = number;
            }
        }
    }

    /// <summary>The program as an absolute path.</summary>
    /// <exception cref="TaskFailedException">There is no such program; in Docker, too, this shows when the container is started.</exception>
    public static string FindProgram(TaskRecord task, string imageDirectory)
    {
        var name = task.Arguments[0];
        var path = task.Environment.FirstOrDefault(e => e.StartsWith("PATH=", StringComparison.Ordinal))?[5..] ?? SystemTool.StandardPath;
        IEnumerable<string> candidates = name.Contains('/', StringComparison.Ordinal)
            ? [Path.GetFullPath(name, imageDirectory)]
            : path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(directory => Path.Combine(directory, name));
        var found = candidates.FirstOrDefault(File.Exists);
        return found switch
        {
            null when name.Contains('/', StringComparison.Ordinal) => throw Cannot(name, "stat " + name + ": no such file or directory"),
            null => throw Cannot(name, "executable file not found in $PATH"),
            _ when found.Contains('=', StringComparison.Ordinal) => throw Cannot(name, "its path holds a ="),
            _ => found,
        };
    }

    private static TaskFailedException Cannot(string program, string why) =>
        new($"starting container failed: exec: \"{BoundedText.Argument(program)}\": {why}", 127);

    /// <summary>Any other option is refused by its name, also one that a later version of the spec adds.</summary>
    private static void Refuse(ContainerSpec spec)
    {
        if (ExecutorOptions.BeyondProcesses(spec) is [var option, ..])
        {
            throw new TaskRejectedException(
                "NotSupportedByExecutor",
                $"The process executor does not support {option}: use nodes with a container engine, or leave it out."
            );
        }
    }

    private static (List<string> Prefix, string Home) UserPrefix(ContainerSpec spec)
    {
        var own = PosixSignal.geteuid();
        if (spec.User.Length == 0 && spec.Groups.Count == 0)
        {
            return ([], Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home ? home : "/");
        }
        var user = PosixUser.Resolve(spec.User.Length > 0 ? spec.User : own.ToString(CultureInfo.InvariantCulture), spec.Groups);
        if (own != 0)
        {
            return user.Uid == own && spec.Groups.Count == 0
                ? ([], user.Home)
                : throw new TaskRejectedException(
                    "NotSupportedByExecutor",
                    "User and Groups need a swarmd that runs as root on this node."
                );
        }
        return (["setpriv", $"--reuid={user.Uid}", $"--regid={user.Gid}", $"--groups={string.Join(',', user.Groups)}"], user.Home);
    }
}
