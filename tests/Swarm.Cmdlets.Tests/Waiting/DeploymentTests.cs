using System.Reflection;
using Google.Protobuf.WellKnownTypes;
using Swarm.Cmdlets.Services;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Waiting;

/// <summary>The words of a wait for a deployment that fails, or that cannot end.</summary>
public sealed class DeploymentTests
{
    private const string Cause = "No such image: redis:bad";
    private static readonly Timestamp Before = Timestamp.FromDateTime(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
    private static readonly Timestamp Now = Timestamp.FromDateTime(new DateTime(2026, 1, 2, 4, 4, 5, DateTimeKind.Utc));

    /// <summary>A row for each cmdlet that waits for a service.</summary>
    public static TheoryData<string> Waits =>
        [
            "New-SwarmService db alpine -Wait",
            "Set-SwarmService web -Image redis:bad -Wait",
            "Invoke-SwarmScale web 5 -Wait",
            "Restart-SwarmService web -Wait",
            "Undo-SwarmService web -Wait",
            "Wait-SwarmService web",
        ];

    private static V1.UpdateStatus RolledBack(Timestamp at, string task = "task1id") =>
        new()
        {
            State = V1.UpdateState.RollbackCompleted,
            StartedAt = at,
            Message = "rollback completed",
            FailedTaskId = task,
            Error = task.Length > 0 ? Cause : "",
        };

    private static V1.ServiceProgress Step(V1.Service service, V1.UpdateStatus? status = null) =>
        new()
        {
            ServiceId = service.Id,
            ServiceName = service.Spec.Name,
            Desired = 3,
            Running = 3,
            UpdateStatus = status,
        };

    private static V1.ServiceProgress Converged(V1.Service service, V1.UpdateStatus? status)
    {
        var step = Step(service, status);
        step.Converged = true;
        return step;
    }

    private static async ValueTask<(Shell Shell, V1.Service Web)> StartAsync()
    {
        var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web", 3);
        web.PreviousSpec = web.Spec.Clone();
        return (shell, web);
    }

    [Fact]
    public void Each_change_of_a_service_that_can_wait_has_its_row()
    {
        var rows = Waits.Select(row => row.Data.Split(' ')[0]);
        var changes = ConventionTests.Cmdlets.Where(c =>
            // Test-SwarmPlacement takes the parameters of New-SwarmService, and changes nothing.
            c.Value.IsSubclassOf(typeof(ServiceChangeCmdlet))
            && ConventionTests.ParametersOf(c.Value).Contains("Wait")
            && c.Value.GetCustomAttribute<CmdletAttribute>()!.SupportsShouldProcess
        );
        Assert.Empty(changes.Select(c => c.Key).Except(rows));
    }

    [Theory]
    [MemberData(nameof(Waits))]
    public async ValueTask A_failed_update_that_was_rolled_back_is_an_error_with_its_cause(string script)
    {
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        shell.Fake.Progress.Add(Converged(web, RolledBack(Now)));
        var result = shell.Run($"$null = {script} -ErrorVariable failure; $?; $failure | Out-String -Width 80");
        var error = result.Error;
        Assert.StartsWith("UpdateRolledBack,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.InvalidOperation, "web"), (error.CategoryInfo.Category, (string)error.TargetObject));
        Assert.Equal("The update of service 'web' failed and was rolled back: No such image: redis:bad.", error.Exception.Message);
        var shown = Assert.IsType<string>(result.Output[^1].BaseObject);
        Assert.Contains(Words(Cause), Words(shown), StringComparison.Ordinal);
        Assert.False(Assert.IsType<bool>(result.Output[^2].BaseObject));
    }

    [Fact]
    public async ValueTask An_update_that_was_rolled_back_before_is_no_error_of_a_change_that_begins_none()
    {
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        web.UpdateStatus = RolledBack(Before);
        shell.Fake.Progress.Add(Converged(web, RolledBack(Before)));
        shell.Run("Set-SwarmService web -Label a=1 -Wait").ThrowIfFailed();
        shell.Run("Invoke-SwarmScale web 5 -Wait").ThrowIfFailed();
        shell.Run("Invoke-SwarmScale w* 5 -Wait").ThrowIfFailed();
        // The deployment that was told to run does not run: a script that waits for it must not go on.
        Assert.StartsWith("UpdateRolledBack,", shell.Run("Wait-SwarmService web").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        shell.Fake.Progress[0] = Converged(web, RolledBack(Now));
        Assert.StartsWith(
            "UpdateRolledBack,",
            shell.Run("Set-SwarmService web -Image redis:bad -Wait").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async ValueTask A_rollback_that_a_user_asked_for_is_none()
    {
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        shell.Fake.Progress.Add(Converged(web, RolledBack(Now, task: "")));
        shell.Run("Undo-SwarmService web -Wait; Wait-SwarmService web").ThrowIfFailed();
    }

    [Fact]
    public async ValueTask Without_its_words_the_task_that_failed_is_named()
    {
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        var status = RolledBack(Now);
        status.Error = "";
        shell.Fake.Progress.Add(Converged(web, status));
        Assert.Equal(
            "The update of service 'web' was rolled back, because its task task1id failed.",
            shell.Run("Wait-SwarmService web").Error.Exception.Message
        );
    }

    [Fact]
    public async ValueTask A_first_deployment_that_is_given_up_is_an_error_with_its_cause()
    {
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        var step = Step(web);
        step.Stuck = true;
        step.Message = "0 of 3 tasks run, 3 have ended and are not restarted: " + Cause;
        shell.Fake.Progress.Add(step);
        var error = shell.Run("New-SwarmService db redis:bad -RestartCondition None -Wait -WarningAction Ignore").Error;
        Assert.StartsWith("DeploymentFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidOperation, error.CategoryInfo.Category);
        Assert.Equal(
            "Service 'web' will not converge by itself: 0 of 3 tasks run, 3 have ended and are not restarted: No such image: redis:bad. "
                + "Correct it with Set-SwarmService web, or start its tasks anew with Restart-SwarmService web.",
            error.ToString()
        );
    }

    [Fact]
    public async ValueTask The_status_keeps_the_task_that_failed_and_why()
    {
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        web.UpdateStatus = RolledBack(Now);
        var status = shell.Run("(Get-SwarmService web).UpdateStatus").One<UpdateStatus>();
        Assert.Equal(("task1id", Cause), (status.FailedTaskId, status.Error));
        foreach (var script in (string[])["Get-SwarmService web | Format-List", "(Get-SwarmService web).UpdateStatus"])
        {
            var shown = shell.Run($"{script} | Out-String -Width 80").One<string>();
            Assert.Contains(Words(Cause), Words(shown), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Wait-SwarmService web -Timeout 0.3", "Service 'web' has not converged within 300ms: 0 of 3 tasks run: ")]
    [InlineData(
        "Set-SwarmNode worker1 -Availability Drain -Wait -Timeout 0.3",
        "Node 'worker1' is not empty after 300ms: 2 tasks left, 0 replacements pending: "
    )]
    [InlineData(
        "Remove-SwarmNode worker1 -Force -Wait -Timeout 0.3",
        "The tasks of node 'worker1' do not all run elsewhere after 300ms: 2 tasks left, 0 replacements pending: "
    )]
    [InlineData("Set-SwarmNode worker1 -Availability Active -Wait -Timeout 0.3", "Node 'worker1' is not ready after 300ms: ")]
    [InlineData(
        "Stop-SwarmTask web.1 -Wait -Timeout 0.3",
        "Task 'web.1' has not ended and been replaced within 300ms: its replacement is Pending: "
    )]
    public async ValueTask A_timeout_says_why(string script, string begin)
    {
        const string Reason = "no suitable node (node.labels.zone==east is not met on 3 nodes)";
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        Last(shell, web, Reason);
        Assert.Equal($"{begin}{Reason}. The change stays in effect.", shell.Run(script).Error.Exception.Message);
    }

    [Fact]
    public async ValueTask A_timeout_of_a_removal_says_how_to_go_on()
    {
        var (shell, _) = await StartAsync();
        await using var __ = shell;
        shell.Fake.Progress.Add(null);
        Assert.Equal(
            "Service 'web' is not gone within 300ms. The change stays in effect. Look at Get-SwarmTask web.*, or wait on with Wait-SwarmService web -Removed.",
            shell.Run("Wait-SwarmService web -Removed -Timeout 0.3").Error.ToString()
        );
    }

    [Theory]
    [InlineData("Wait-SwarmService web", "Service 'web' has not converged yet")]
    [InlineData("Set-SwarmNode worker1 -Availability Drain -Wait", "Node 'worker1' is not empty yet")]
    [InlineData("Stop-SwarmTask web.1 -Wait", "The replacement of task 'web.1' does not run yet")]
    public async ValueTask A_wait_that_lasts_says_why_once(string script, string missing)
    {
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        Last(shell, web, Cause);
        using var output = new PSDataCollection<PSObject>();
        using var running = shell.Begin(script, output);
        await Deadline.UntilAsync(() => running.Streams.Warning.Count > 0, "a warning");
        Assert.Equal(PSInvocationState.Running, running.InvocationStateInfo.State);
        running.Stop();
        Assert.Equal(
            $"{missing}: {Cause}. The wait goes on. -Timeout or Ctrl+C ends it, never the change.",
            Assert.Single(running.Streams.Warning).Message
        );
        Assert.Empty(running.Streams.Error);
    }

    [Fact]
    public async ValueTask A_warning_that_ends_the_command_ends_the_wait()
    {
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        Last(shell, web, Cause);
        var ended = shell.Run("Wait-SwarmService web -WarningAction Stop").Terminating;
        Assert.StartsWith("ActionPreferenceStop", ended?.FullyQualifiedErrorId, StringComparison.Ordinal);
        // The session goes on.
        Assert.NotEmpty(shell.Run("Get-SwarmNode").ThrowIfFailed().Output);
    }

    [Fact]
    public async ValueTask Progress_says_how_many_are_updated_and_repeats_nothing()
    {
        var (shell, web) = await StartAsync();
        await using var _ = shell;
        foreach (
            var (updated, running, reason) in ((ulong, ulong, string)[])[(0, 3, ""), (0, 2, ""), (0, 2, ""), (1, 3, ""), (1, 2, Cause)]
        )
        {
            var step = Step(web, new V1.UpdateStatus { State = V1.UpdateState.Updating, Message = "update in progress" });
            (step.Updated, step.Running, step.Reason) = (updated, running, reason);
            step.Message = $"update in progress: {updated} of 3 tasks are updated, {running} run";
            step.States.Add("Running", (uint)running);
            if (running < 3)
            {
                step.States.Add("Preparing", 1);
            }
            shell.Fake.Progress.Add(step);
        }
        var back = Step(web, new V1.UpdateStatus { State = V1.UpdateState.RollbackStarted });
        (back.Updated, back.Reason) = (2, Cause);
        shell.Fake.Progress.Add(back);
        shell.Fake.Progress.Add(Converged(web, new V1.UpdateStatus { State = V1.UpdateState.RollbackCompleted }));
        shell.Fake.Progress[^1]!.Message = "3 of 3 tasks run";
        var shown = shell.Run("Set-SwarmService web -Image web:2 -Wait").ThrowIfFailed().Progress;
        Assert.Equal(
            [
                ("web", "0 of 3 updated, 3 run", 0),
                ("web", "0 of 3 updated, 2 run", 0),
                ("Preparing", "1 task", 33),
                ("web", "1 of 3 updated, 3 run", 33),
                ("web", "1 of 3 updated, 2 run: No such image: redis:bad", 33),
                ("Preparing", "1 task", 33),
                ("web", "2 of 3 rolled back, 3 run: No such image: redis:bad", 66),
                ("web", "3 of 3 tasks run", 100),
            ],
            shown
                .Where(p => p.RecordType == ProgressRecordType.Processing)
                .Select(p => (p.Activity, p.StatusDescription, p.PercentComplete))
        );
        Assert.Equal(
            ["Preparing", "Preparing", "web"],
            shown.Where(p => p.RecordType == ProgressRecordType.Completed).Select(p => p.Activity)
        );
    }

    /// <summary>A view breaks lines at any letter.</summary>
    private static string Words(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));

    /// <summary>Waits report one step with the reason and last.</summary>
    private static void Last(Shell shell, V1.Service web, string reason)
    {
        var step = Step(web);
        (step.Running, step.Reason, step.Message) = (0, reason, "0 of 3 tasks run: " + reason);
        shell.Fake.Progress.Add(step);
        shell.Fake.Progress.Add(null);
        shell.Fake.WaitReason = reason;
        shell.Fake.WaitsNeverEnd = true;
    }
}
