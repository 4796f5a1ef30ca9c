using Swarm.Cmdlets.Tests.Hosting;
using Swarm.Cmdlets.Tests.Options;

namespace Swarm.Cmdlets.Tests.Objects;

/// <summary>All cmdlets that change what is there have one rule. No change at all is an error, and so is a removal of what is not there. A value that is so
/// already is no error, and is told with -Verbose.</summary>
public sealed class NothingSilentTests
{
    public static TheoryData<string> Removals => OptionFlowTests.Removals;

    [Theory]
    [InlineData("Set-SwarmService web")]
    [InlineData("Set-SwarmService web -Wait -PassThru -NoResolveImage")]
    [InlineData("'web' | Set-SwarmService")]
    [InlineData("Get-SwarmService web | Set-SwarmService")]
    [InlineData("Set-SwarmNode worker1")]
    [InlineData("Get-SwarmNode worker1 | Set-SwarmNode -PassThru")]
    [InlineData("Set-Swarm -PassThru")]
    [InlineData("$null = Initialize-Swarm; Get-Swarm | Set-Swarm")]
    public async ValueTask No_change_is_an_error(string script)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var result = shell.Run(script);
        Assert.StartsWith("NothingToChange,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Name one, such as -", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Output);
        NothingWasSent(shell);
    }

    [Fact]
    public async ValueTask No_change_for_many_objects_is_one_error()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.AddService("db");
        Assert.StartsWith(
            "NothingToChange,",
            shell.Run("Get-SwarmService | Set-SwarmService").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [MemberData(nameof(Removals))]
    public async ValueTask A_removal_of_what_is_not_there_is_an_error_and_changes_nothing(string option)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var value =
            option == "RemovePublish" ? "9999"
            : option == "RemovePlacementPreference" ? "spread=no.such"
            : "NOSUCH";
        var result = shell.Run($"Set-SwarmService web -{option} '{value}' -Env A=1 -User me");
        var id = option == "RemoveNetwork" ? "NetworkNotAttached" : option["Remove".Length..] + "NotFound";
        Assert.StartsWith(id + ",", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.ObjectNotFound, "web"), (result.Error.CategoryInfo.Category, (string)result.Error.TargetObject));
        Assert.Contains(value.Split('=')[^1], result.Error.ToString(), StringComparison.Ordinal);
        Assert.Null(result.Terminating);
        NothingWasSent(shell);
    }

    [Fact]
    public async ValueTask A_removal_that_one_of_several_does_not_need_is_an_error_of_its_own()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("New-SwarmService web x -Env A=1,B=2; New-SwarmService db x -Env B=2").ThrowIfFailed();
        var error = shell.Run("Set-SwarmService web,db -RemoveEnv A").Error;
        Assert.StartsWith("EnvNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("db", error.TargetObject);
        Assert.Equal(["B=2"], shell.Fake.Services[0].Spec.Container.Env);
        // Of several names of one call all have to be there, or none is taken away.
        Assert.StartsWith(
            "EnvNotFound,",
            shell.Run("Set-SwarmService db -RemoveEnv B,C").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.Equal(["B=2"], shell.Fake.Services[1].Spec.Container.Env);
    }

    [Theory]
    [InlineData(
        "Set-SwarmService web -Replicas 1 -Env A=1 -Label @{ tier = 'front' } -UpdateDelay 0s -UpdateOrder StartFirst",
        "Service 'web'"
    )]
    [InlineData("Set-SwarmNode worker2 -Availability Active -Role Worker -Label zone=b", "Node 'worker2'")]
    [InlineData("Set-Swarm -TaskHistoryLimit 5 -HeartbeatPeriod 5s -AutoLock:$false", "The swarm")]
    public async ValueTask What_is_so_already_is_no_error_and_is_told(string script, string what)
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("New-SwarmService web x -Env A=1 -Label tier=front -UpdateDelay 0s -UpdateOrder StartFirst").ThrowIfFailed();
        // A question about nothing would stop a script that runs twice.
        var silent = shell.Run(script + " -Confirm").ThrowIfFailed();
        Assert.Empty(silent.Output);
        var told = shell.Run(script + " -Verbose -PassThru").ThrowIfFailed();
        Assert.Single(told.Output);
        Assert.Contains($"{what} is so already. Nothing was changed.", told.Verbose);
        NothingWasSent(shell);
    }

    [Theory]
    [InlineData("-Command 'sleep 100'", "-Command sleep, 100", "command 'sleep 100' → sleep 100")]
    [InlineData("-LimitMemory 2g", "-LimitMemory 2050m", "limit memory 2147483648 → 2149580800")]
    [InlineData("-UpdateDelay 0s", "-UpdateDelay 500us", null)]
    public async ValueTask What_only_reads_alike_is_a_change(string present, string wanted, string? words)
    {
        await using var shell = await Shell.StartAsync();
        shell.Run($"New-SwarmService web x {present}").ThrowIfFailed();
        shell.Run($"Set-SwarmService web {wanted} -WhatIf").ThrowIfFailed();
        Assert.DoesNotContain("nothing changes", shell.Screen, StringComparison.Ordinal);
        Assert.Contains(words ?? "", shell.Screen, StringComparison.Ordinal);
        shell.Run($"Set-SwarmService web {wanted}").ThrowIfFailed();
        Assert.False(shell.Fake.Last<V1.UpdateServiceRequest>().DryRun);
    }

    [Theory]
    [InlineData(V1.UpdateState.Paused, true)]
    [InlineData(V1.UpdateState.RollbackPaused, true)]
    [InlineData(V1.UpdateState.Completed, false)]
    public async ValueTask The_same_command_resumes_a_paused_update(V1.UpdateState state, bool isSent)
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web");
        web.UpdateStatus = new V1.UpdateStatus { State = state };
        shell.Run($"Set-SwarmService web -Replicas {web.Spec.Replicated.Replicas}").ThrowIfFailed();
        Assert.Equal(isSent ? 1 : 0, shell.Fake.Count<V1.UpdateServiceRequest>());
    }

    [Fact]
    public async ValueTask The_key_of_a_piped_swarm_is_not_shown()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("$null = Initialize-Swarm -AutoLock").ThrowIfFailed();
        // A swarm of an earlier version keeps all tasks: its object is piped as any other.
        shell.Fake.TaskHistoryLimit = -1;
        shell.Run("Get-Swarm | Set-Swarm -SnapshotInterval 5000").ThrowIfFailed();
        Assert.False(shell.Fake.Last<V1.UpdateClusterRequest>().Settings.HasTaskHistoryLimit);
        Assert.Empty(shell.Run("Get-Swarm | Set-Swarm -TaskHistoryLimit 3").ThrowIfFailed().Output);
        Assert.Equal(3, shell.Fake.Last<V1.UpdateClusterRequest>().Settings.TaskHistoryLimit);
        // A script that runs twice needs it twice.
        for (var i = 0; i < 2; i++)
        {
            Assert.IsType<UnlockKey>(Assert.Single(shell.Run("Set-Swarm -AutoLock").ThrowIfFailed().Output).BaseObject);
        }
    }

    [Fact]
    public async ValueTask An_image_is_a_new_attempt_also_when_it_is_the_same()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("New-SwarmService web web:1; Set-SwarmService web -Image web:1").ThrowIfFailed();
        Assert.True(shell.Fake.Last<V1.UpdateServiceRequest>().NewAttempt);
    }

    [Theory]
    [InlineData("$s.Replicas = 5; $s | Set-SwarmService", "NothingToChange", "Replicas")]
    [InlineData("$s.Env = @('A=2'); $s | Set-SwarmService -Replicas 3", "EditedObject", "Env")]
    [InlineData(
        "$s.Labels.Add('x', 'y'); $s.UpdateConfig.Parallelism = 7; $s | Set-SwarmService",
        "NothingToChange",
        "Labels, UpdateParallelism"
    )]
    [InlineData("$s = $copy; $s.Replicas = 5; $s | Set-SwarmService", "NothingToChange", "Replicas")]
    [InlineData("$n.Availability = 'Drain'; $n | Set-SwarmNode", "NothingToChange", "Availability")]
    [InlineData("$n.Labels.Remove('zone'); $n | Set-SwarmNode -Availability Pause", "EditedObject", "Labels")]
    public async ValueTask An_object_that_was_edited_is_told(string script, string errorId, string edits)
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("New-SwarmService web x -Env A=1 -Label tier=front -Mount data:/data -Publish 80:80").ThrowIfFailed();
        var error = shell
            .Run(
                "$s = Get-SwarmService web; $n = Get-SwarmNode worker1; "
                    + "$copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($s, 3)); "
                    + script
            )
            .Error;
        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"{edits} of the object was edited.", error.Exception.Message, StringComparison.Ordinal);
        NothingWasSent(shell);
    }

    /// <summary>Somebody else has changed the service since: the edit is told all the same, and only the edit.</summary>
    [Theory]
    [InlineData("$s.Replicas = 5; $s | Set-SwarmService -Env B=2", "EditedObject", "Replicas")]
    [InlineData("$s.Env = @('A=2'); $s | Set-SwarmService", "NothingToChange", "Env")]
    public async ValueTask An_edit_of_an_object_that_is_out_of_date_is_told(string script, string errorId, string edits)
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run("New-SwarmService web x -Env A=1; $s = Get-SwarmService web; Set-SwarmService web -Replicas 7 -Label a=b")
            .ThrowIfFailed();
        var before = shell.Fake.Last<V1.UpdateServiceRequest>();
        var error = shell.Run(script).Error;
        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"{edits} of the object was edited.", error.Exception.Message, StringComparison.Ordinal);
        Assert.Same(before, shell.Fake.Last<V1.UpdateServiceRequest>());
    }

    [Theory]
    [InlineData("$s | Set-SwarmService -Label @{ yours = 2 }")]
    [InlineData("$copy | Set-SwarmService -Label @{ yours = 2 }")]
    public async ValueTask The_state_in_an_object_does_not_undo_a_later_change(string script)
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("New-SwarmService web web:1 -Env A=1").ThrowIfFailed();
        shell
            .Run(
                "$s = Get-SwarmService web; "
                    + "$copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($s, 3)); "
                    + "Set-SwarmService web -Image web:2 -Env A=2 -Label mine=1; "
                    + script
            )
            .ThrowIfFailed();
        var spec = Assert.Single(shell.Fake.Services).Spec;
        Assert.Equal(("web:2", "A=2"), (spec.Container.Image, Assert.Single(spec.Container.Env)));
        Assert.Equal(["mine", "yours"], spec.Labels.Keys.Order(StringComparer.Ordinal));
        Assert.False(shell.Fake.Last<V1.UpdateServiceRequest>().NewAttempt);
    }

    [Fact]
    public async ValueTask A_task_names_its_service_and_gives_no_image()
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web");
        shell.Fake.Tasks[0].Image = "web:old";
        shell.Run("Get-SwarmTask web.1 | Set-SwarmService -Replicas 2").ThrowIfFailed();
        Assert.Equal(("redis:3.0.6@sha256:1111", 2ul), (web.Spec.Container.Image, web.Spec.Replicated.Replicas));
    }

    private static void NothingWasSent(Shell shell) =>
        Assert.Equal(
            0,
            shell.Fake.Count<V1.UpdateServiceRequest>()
                + shell.Fake.Count<V1.UpdateNodeRequest>()
                + shell.Fake.Count<V1.UpdateClusterRequest>()
        );
}
