using System.Text.RegularExpressions;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Views;

public sealed class ViewTests
{
    [Fact]
    public async ValueTask Nodes_read_like_docker_node_ls()
    {
        await using var shell = await Shell.StartAsync();
        var lines = Lines(shell, "Get-SwarmNode | Out-Default");
        Assert.Equal(["ID", "HOSTNAME", "STATUS", "AVAILABILITY", "MANAGER", "ENGINE"], Words(lines[0]));
        Assert.Equal(["node0id", "*", "manager1", "Ready", "Active", "Leader", "29.0"], Words(lines[2]));
        Assert.Equal(["node1id", "worker1", "Ready", "Active", "29.0"], Words(lines[3]));
    }

    [Fact]
    public async ValueTask A_nodes_warnings_are_in_its_list_view()
    {
        await using var shell = await Shell.StartAsync();
        // The screen keeps what was shown before.
        Assert.DoesNotContain(
            Lines(shell, "Get-SwarmNode manager1 | Format-List | Out-Default"),
            static l => l.StartsWith("Warnings", StringComparison.Ordinal)
        );
        shell.Fake.Nodes[1].Description.Warnings.Add("Tasks have no control groups.");
        Assert.Equal("Tasks have no control groups.", Assert.Single(shell.Run("Get-SwarmNode worker1").One<Node>().Warnings));
        Assert.Contains(
            Lines(shell, "Get-SwarmNode worker1 | Format-List | Out-Default"),
            static l =>
                l.StartsWith("Warnings", StringComparison.Ordinal)
                && l.EndsWith(": Tasks have no control groups.", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async ValueTask Services_read_like_docker_service_ls()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web", 3).RunningTasks = 2;
        var lines = Lines(shell, "Get-SwarmService | Out-Default");
        Assert.Equal(["ID", "NAME", "MODE", "REPLICAS", "IMAGE", "PORTS"], Words(lines[0]));
        Assert.Equal(["webid0", "web", "replicated", "2/3", "redis:3.0.6"], Words(lines[2]));
    }

    [Fact]
    public async ValueTask Tasks_read_like_docker_service_ps_with_their_history()
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web", 2);
        shell.Fake.AddTask(web, 1, V1.TaskState.Shutdown, V1.TaskState.Shutdown, 10, "redis:3.0.5@sha256:0000");
        var pending = shell.Fake.AddTask(web, 3, V1.TaskState.Pending, V1.TaskState.Running, 1, "redis:3.0.6");
        pending.Pending.Add(
            new V1.PendingReason
            {
                Filter = "constraints",
                Nodes = 3,
                Detail = "node.labels.zone==c does not match",
            }
        );
        var lines = Lines(shell, "Get-SwarmTask | Out-Default");
        Assert.Equal("ID NAME IMAGE NODE DESIRED CURRENT STATE ERROR", string.Join(' ', Words(lines[0])));
        Assert.Equal("task00000000 web.1      redis:3.0.6  worker1  Running  Running 4 minutes ago", lines[2]);
        Assert.Equal(@"task00000000  \_ web.1  redis:3.0.5  worker1  Shutdown Shutdown 10 minutes ago", lines[3]);
        Assert.StartsWith("task00000000 web.2      redis:3.0.6  worker2", lines[4], StringComparison.Ordinal);
        Assert.Contains("node.labels.zone==c does not match on 3 nodes", lines[5], StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask The_node_of_a_task_is_marked_when_it_is_down_and_the_task_has_not_ended()
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web", 2);
        var ended = shell.Fake.AddTask(web, 1, V1.TaskState.Shutdown, V1.TaskState.Shutdown, 10, "redis:3.0.5");
        foreach (var task in shell.Fake.Tasks.Where(t => t.Slot == 1))
        {
            task.NodeState = V1.NodeState.Down;
        }
        var lines = Lines(shell, "Get-SwarmTask | Out-Default");
        Assert.Contains("web.1      redis:3.0.6  worker1 (Down) Running Running", lines[2], StringComparison.Ordinal);
        Assert.Contains(@" \_ web.1  redis:3.0.5  worker1  Shutdown Shutdown", lines[3], StringComparison.Ordinal);
        Assert.Contains("web.2      redis:3.0.6  worker2  Running  Running", lines[4], StringComparison.Ordinal);
        var states = shell.Run("Get-SwarmTask web -Running | ForEach-Object NodeState").ThrowIfFailed().Output;
        Assert.Equal([NodeState.Down, NodeState.Unknown], states.Select(s => (NodeState)s.BaseObject));
        Assert.Equal(V1.NodeState.Down, ended.NodeState);
    }

    [Fact]
    public async ValueTask Every_view_of_the_format_file_renders()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web", 1);
        shell.Fake.Daemon.State = V1.LocalNodeState.Active;
        shell.Fake.Daemon.IsManager = true;
        var script = """
            Get-Swarm; Get-SwarmJoinToken; Connect-Swarm; Get-SwarmServiceRevision; Test-SwarmPlacement web; Watch-SwarmEvent -Timeout 200ms
            [Swarm.Sandbox]@{ Name = 'box'; Executor = 'Process'; CreatedAt = [DateTime]::Now; Nodes = @([Swarm.SandboxNode]@{ Name = 'n'; Running = $true }) }
            [Swarm.SandboxNode]@{ Name = 'manager1' }; [Swarm.PlannedAction]@{ Action = 'move'; Task = 'web.1' }; Disconnect-Swarm
            """;
        foreach (var item in shell.Run(script).ThrowIfFailed().Output)
        {
            var before = shell.Screen.Length;
            shell.Run("$item | Out-Default", ("item", item)).ThrowIfFailed();
            var text = shell.Screen[before..];
            Assert.NotEmpty(text.Trim());
            Assert.DoesNotContain("#ERR", text, StringComparison.Ordinal);
        }
        Assert.Contains("Task history retention limit : 5", Plain(shell.Screen), StringComparison.Ordinal);
        Assert.Contains("1/1", shell.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask At_80_columns_nothing_is_cut()
    {
        await using var shell = await Shell.StartAsync(daemon: false);
        var tasks = new[]
        {
            Task("web.1", "redis:3.0.7", "worker1", TaskState.Running, 4, ""),
            Task("web.1", "redis:3.0.6", "worker1", TaskState.Failed, 10, "task: non-zero exit (1)"),
            Task("frontend-web.12", "nginx:1.27", "worker-12", TaskState.Running, 4, ""),
            Task("frontend." + Samples.Id, "registry.example.com/shop/frontend:1.27.3", Samples.Host, TaskState.Running, 300, ""),
            Task("web.2", "redis:nosuch", "worker2", TaskState.Rejected, 10, Samples.Sentence),
        };
        tasks[1].IsHistory = true;
        tasks[1].DesiredState = TaskState.Shutdown;
        shell.Run("$Host.UI.RawUI.BufferSize = [Management.Automation.Host.Size]::new(80, 50)").ThrowIfFailed();
        var lines = Lines(shell, "$tasks | Out-Default", ("tasks", tasks));
        string[] expected =
        [
            "ID           NAME       IMAGE        NODE     DESIRED  CURRENT STATE  ERROR",
            "---------------------------------------------------------------------------",
            "k3xq0bd4ujz8 web.1      redis:3.0.7  worker1  Running  Running 4 minutes ago",
            @"k3xq0bd4ujz8  \_ web.1  redis:3.0.6  worker1  Shutdown Failed 10 minutes ago",
            "             task: non-zero exit (1)",
            "k3xq0bd4ujz8 frontend-web.12 nginx:1.27 worker-12 Running Running 4 minutes ago",
            "k3xq0bd4ujz8 frontend.k3xq0bd4ujz8w1nf5rhy7tc2m",
            "                        registry.example.com/shop/frontend:1.27.3",
            "                                     ip-10-200-112-134.eu-central-1.internals",
            "                                              Running  Running 5 hours ago",
            "k3xq0bd4ujz8 web.2      redis:nosuch worker2  Running  Rejected 10 minutes ago",
            "             starting container failed: failed to create endpoint frontend on",
            "             network ingress: node ip-10-200-112-134 has no free address in",
            "             10.255.0.0/16 after 165533 tasks; remove services, or make a",
            "             larger one.",
        ];
        Assert.Equal(expected, lines);
    }

    private static Swarm.Task Task(string name, string image, string node, TaskState state, int minutesAgo, string error) =>
        new()
        {
            Id = Samples.Id,
            Name = name,
            Image = image,
            Node = node,
            DesiredState = TaskState.Running,
            State = state,
            StateSince = DateTime.UtcNow.AddMinutes(-minutesAgo).AddSeconds(-20),
            Error = error,
        };

    private static string[] Lines(Shell shell, string script, params (string Name, object? Value)[] variables)
    {
        shell.Run(script, variables).ThrowIfFailed();
        return [.. Plain(shell.Screen).Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0)];
    }

    private static string Plain(string text) => Regex.Replace(text, @"\x1b\[[0-9;]*m", "");

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
