using System.Diagnostics;
using System.Net;
using Swarm.Host.Systems;

namespace Swarm.Host.Tests.Hosting;

/// <summary>A throw-away copy of this machine: network, mount and process namespaces of its own, and an overlay over the root. Real tools
/// may
/// change anything in it. Disposing ends it with all its processes.</summary>
internal sealed class NamespaceHost : IHostSystem, IAsyncDisposable
{
    private const string Init = """
        set -e
        mount --make-rprivate /
        mount -t tmpfs swarm-host-test /mnt
        mkdir /mnt/upper /mnt/work /mnt/root
        mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
        mount -t proc proc /mnt/root/proc
        mount -t sysfs sysfs /mnt/root/sys
        mount --rbind /sys/fs/cgroup /mnt/root/sys/fs/cgroup
        # Debian's service script of the engine mounts controllers that the machine has not mounted, unless fstab speaks of cgroups. Their hierarchies would
        # outlive this host and show in every process's list, and containerd cannot watch for want of memory where one of these is not mounted.
        echo 'cgroup /sys/fs/cgroup cgroup noauto 0 0' >>/mnt/root/etc/fstab
        mount --rbind /dev /mnt/root/dev
        mount -t tmpfs tmpfs /mnt/root/run
        mount -t tmpfs tmpfs /mnt/root/tmp
        ip link set lo up
        echo ready
        cat
        """;

    private readonly LocalSystem _local = new();
    private readonly Process _init;
    private readonly string _pid;

    private NamespaceHost(Process init, string pid) => (_init, _pid) = (init, pid);

    public List<string> Ran { get; } = [];

    /// <summary>Answers in place of a program: a fault.</summary>
    public Func<ToolCommand, ToolResult?> Fault { get; set; } = static _ => null;

    /// <summary>Programs that the host lacks.</summary>
    public HashSet<string> Missing { get; } = [];
    public bool IsWindows => false;
    public bool IsAdministrator { get; set; } = true;

    /// <summary>The process whose namespaces these are.</summary>
    public string Pid => _pid;

    /// <summary>Skips the test where namespaces cannot be made, or a tool is absent.</summary>
    /// <param name="tools">Programs that the test needs.</param>
    public static async Task<NamespaceHost> StartAsync(params string[] tools)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root on Linux, to make namespaces");
        var local = new LocalSystem();
        foreach (var tool in tools.Append("unshare").Append("nsenter").Append("ip"))
        {
            Assert.SkipWhen(local.Find(tool) is null, $"needs {tool} (tests/lab/provision.sh installs it)");
        }
        string[] arguments = ["--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", Init];
        // Its input is a pipe of ours. The first process (cat) waits on it for as long as this one lives, whatever our own input is.
        var start = new ProcessStartInfo("unshare", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync();
        if (line != "ready")
        {
            var why = await process.StandardError.ReadToEndAsync();
            process.Dispose();
            Assert.Skip($"namespaces with an overlay root cannot be made here: {why.Trim()}");
        }
        var child = (await File.ReadAllTextAsync($"/proc/{process.Id}/task/{process.Id}/children")).Trim();
        return new NamespaceHost(process, child);
    }

    public string? Find(string program) => Missing.Contains(Path.GetFileName(program)) ? null : _local.Find(program);

    public async Task<ToolResult> RunAsync(ToolCommand command, CancellationToken cancellation)
    {
        lock (Ran)
        {
            Ran.Add(command.ToString());
        }
        if (Fault(command) is { } answer)
        {
            return answer;
        }
        if (Missing.Contains(command.Program))
        {
            throw new HostException("ToolNotFound", $"'{command.Program}' cannot be run", command.Program, "");
        }
        return await _local.RunAsync(
            new ToolCommand(
                "nsenter",
                ["--target", _pid, "--net", "--mount", "--pid", "--", "chroot", "/mnt/root", command.Program, .. command.Arguments]
            )
            {
                Input = command.Input,
                Timeout = command.Timeout,
            },
            cancellation
        );
    }

    public string? Read(string path) => _local.Read(Outside(path));

    public void Write(string path, string text) => _local.Write(Outside(path), text);

    public void Delete(string path) => _local.Delete(Outside(path));

    public bool Exists(string path) => _local.Exists(Outside(path));

    public VolumeSpace Space(string path) => _local.Space(Outside(path));

    public ListeningPorts Listening() => throw new NotSupportedException("Those of the machine's namespace are not this host's.");

    public IReadOnlyList<IPAddress> Addresses() => throw new NotSupportedException("Those of the machine's namespace are not this host's.");

    /// <summary>Runs a shell script in there.</summary>
    /// <returns>Its output; a failing script fails the test.</returns>
    public async Task<string> ShellAsync(string script)
    {
        var result = await _local.RunAsync(
            new ToolCommand("nsenter", ["--target", _pid, "--net", "--mount", "--pid", "--", "chroot", "/mnt/root", "sh", "-ec", script])
            {
                Timeout = TimeSpan.FromMinutes(8),
            },
            TestContext.Current.CancellationToken
        );
        Assert.True(result.Succeeded, $"{script} ended with {result.ExitCode}:\n{result.Output}\n{result.Error}");
        return result.Output;
    }

    public async Task StartFirewalldAsync()
    {
        // Replaced, so that firewalld needs no cleanup after other tests: every host is a new copy.
        await ShellAsync(
            """
            mkdir -p /run/dbus
            dbus-daemon --system --fork >/dev/null
            firewalld --nofork --nopid >/tmp/firewalld.log 2>&1 &
            for i in $(seq 200); do firewall-cmd --state >/dev/null 2>&1 && exit 0; sleep 0.1; done
            cat /tmp/firewalld.log >&2; exit 1
            """
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (!_init.HasExited)
        {
            // --kill-child: the namespace's first process dies with unshare, and everything in the namespace with it.
            _init.Kill();
        }
        await Deadline.WaitAsync(_init.WaitForExitAsync(), "the namespace's first process to end");
        _init.Dispose();
    }

    private string Outside(string path) => $"/proc/{_pid}/root/mnt/root{path}";
}
