using Grpc.Core;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class ErrorTests
{
    [Fact]
    public async ValueTask Missing_name_is_one_error_each_and_the_rest_comes()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var result = shell.Run("Get-SwarmService nope,web,none");
        Assert.Equal("web", Assert.IsType<Service>(Assert.Single(result.Output).BaseObject).Name);
        Assert.Equal(["nope", "none"], result.Errors.Select(e => (string)e.TargetObject));
        Assert.All(result.Errors, e => Assert.Equal(ErrorCategory.ObjectNotFound, e.CategoryInfo.Category));
        var first = result.Errors[0];
        Assert.StartsWith("ServiceNotFound,", first.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.IsType<SwarmException>(first.Exception);
        Assert.Equal("Service 'nope' does not exist.", first.Exception.Message);
        Assert.Equal("Look at Get-SwarmService.", ((SwarmException)first.Exception).Action);
        Assert.Equal("Service 'nope' does not exist. Look at Get-SwarmService.", first.ToString());
    }

    [Fact]
    public async ValueTask No_daemon_is_told_with_what_to_do()
    {
        await using var shell = await Shell.StartAsync(daemon: false);
        foreach (var script in new[] { "Get-SwarmService", "Get-SwarmService web", "Get-Swarm", "New-SwarmService a b", "Connect-Swarm" })
        {
            var error = shell.Run(script).Error;
            Assert.StartsWith("DaemonUnavailable,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains("Start it", error.ToString(), StringComparison.Ordinal);
            Assert.Null(error.Exception.InnerException);
        }
    }

    [Fact]
    public async ValueTask No_daemon_ends_the_pipeline_with_one_error()
    {
        await using var shell = await Shell.StartAsync(daemon: false);
        Assert.Single(shell.Run("'a','b' | Get-SwarmService").Errors);
    }

    [Theory]
    [InlineData(StatusCode.AlreadyExists, ErrorCategory.ResourceExists)]
    [InlineData(StatusCode.InvalidArgument, ErrorCategory.InvalidArgument)]
    [InlineData(StatusCode.FailedPrecondition, ErrorCategory.InvalidOperation)]
    [InlineData(StatusCode.PermissionDenied, ErrorCategory.PermissionDenied)]
    [InlineData(StatusCode.Unavailable, ErrorCategory.ResourceUnavailable)]
    [InlineData(StatusCode.ResourceExhausted, ErrorCategory.LimitsExceeded)]
    [InlineData(StatusCode.Internal, ErrorCategory.ConnectionError)]
    public async ValueTask Refusal_keeps_its_id_target_and_action(StatusCode code, ErrorCategory category)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Refusal = FakeControl.Refuse(
            code,
            "NoLeader",
            "The swarm has no leader.",
            "cluster1",
            "Wait, or start more managers — soon."
        );
        var error = shell.Run("Initialize-Swarm").Error;
        Assert.StartsWith("NoLeader,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((category, "cluster1"), (error.CategoryInfo.Category, (string)error.TargetObject));
        Assert.Equal("The swarm has no leader. Wait, or start more managers — soon.", error.ToString());
    }

    [Fact]
    public async ValueTask A_message_that_gRPC_finds_too_large_is_told_with_what_to_do()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Refusal = new RpcException(
            new Status(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size.")
        );
        var error = shell.Run("Get-SwarmService").Error;
        Assert.StartsWith("LimitExceeded,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("name fewer objects", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("New-SwarmService x alpine -Mode Global -Replicas 3", "ConflictingParameters")]
    [InlineData("New-SwarmService x alpine -Replicas -1", "InvalidReplicas")]
    [InlineData("New-SwarmService x", "MissingMandatoryParameter")]
    [InlineData("New-SwarmService x alpine -NoHealthCheck -HealthInterval 5s", "ConflictingParameters")]
    [InlineData("New-SwarmService x alpine -ReserveMemory 2g -LimitMemory 1g", "ConflictingParameters")]
    [InlineData("New-SwarmService x alpine -ReserveCpu 2 -LimitCpu 1", "ConflictingParameters")]
    [InlineData("New-SwarmService x alpine -CapAdd SYS_TIME -CapDrop SYS_TIME", "ConflictingParameters")]
    [InlineData("New-SwarmService x alpine -RollbackFailureAction Rollback", "ConflictingParameters")]
    [InlineData("New-SwarmService x alpine -UpdateDelay soon", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -UpdateDelay 10d", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -LimitMemory lots", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -LimitMemory -5", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -ReserveCpu many", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -Mount nowhere", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -Env =1", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -PlacementPreference binpack=node.id", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -Label @{ a = @{ b = 1 } }", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -ContainerLabel @{ a = 1, 2 }", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -Env @{ A = @{ B = 1 } }", "ParameterArgumentTransformationError")]
    [InlineData("Set-SwarmNode worker1 -Label @{ a = @{ b = 1 } }", "ParameterArgumentTransformationError")]
    [InlineData("Start-SwarmSandbox -Label @{ worker1 = @{ a = @{ b = 1 } } }", "ParameterArgumentTransformationError")]
    [InlineData("Set-SwarmNode worker1", "NothingToChange")]
    [InlineData("Set-SwarmNode worker1 -Availability Drain -Timeout 5s", "MissingParameter")]
    [InlineData("New-SwarmService x alpine -Timeout 5s", "MissingParameter")]
    [InlineData("Set-SwarmService x -Image alpine -Timeout 5s -Wait:$false", "MissingParameter")]
    [InlineData("Invoke-SwarmScale x 5 -Timeout 5s", "MissingParameter")]
    [InlineData("Remove-SwarmService x -Force -Timeout 5s", "MissingParameter")]
    [InlineData("Restart-SwarmService x -Timeout 5s", "MissingParameter")]
    [InlineData("Undo-SwarmService x -Timeout 5s", "MissingParameter")]
    [InlineData("Remove-SwarmNode worker2 -Force -Timeout 5s", "MissingParameter")]
    [InlineData("Stop-SwarmTask x -Timeout 5s", "MissingParameter")]
    [InlineData("Test-SwarmHost -ManagerAddress 'not an address'", "InvalidAddress")]
    [InlineData("New-SwarmService x alpine -Replicas ''", "CannotConvertArgumentNoMessage")]
    [InlineData("New-SwarmService x alpine -UpdateDelay ''", "CannotConvertArgumentNoMessage")]
    [InlineData("New-SwarmService x alpine -Replicas three", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -Replicas 1.5", "ParameterArgumentTransformationError")]
    [InlineData("New-SwarmService x alpine -UpdateOrder sideways", "ParameterArgumentTransformationError")]
    [InlineData("Connect-Swarm -ManagerAddress 0177.0.0.1 -CertificatePath none", "InvalidAddress")]
    [InlineData("Connect-Swarm -ManagerAddress 0x7f.0.0.1:2377 -CertificatePath none", "InvalidAddress")]
    public async ValueTask Bad_input_is_refused_and_nothing_is_sent(string script, string errorId)
    {
        await using var shell = await Shell.StartAsync();
        Assert.StartsWith(errorId + ",", shell.Run(script).Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(shell.Fake.Services);
        Assert.Equal(0, shell.Fake.Count<V1.CreateServiceRequest>() + shell.Fake.Count<V1.UpdateNodeRequest>());
    }

    [Fact]
    public async ValueTask Name_conflict_does_not_end_the_pipeline()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var result = shell.Run("'web','db' | ForEach-Object { New-SwarmService $_ alpine }");
        Assert.StartsWith("NameConflict,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("db", Assert.IsType<Service>(Assert.Single(result.Output).BaseObject).Name);
    }

    [Theory]
    [InlineData("Remove-SwarmService web -WhatIf", "remove")]
    [InlineData("Set-SwarmService web -Image web:2 -WhatIf", "stop")]
    [InlineData("Invoke-SwarmScale web 5 -WhatIf", "create")]
    [InlineData("Undo-SwarmService web -WhatIf", "stop")]
    [InlineData("Restart-SwarmService web -WhatIf", "stop")]
    [InlineData("New-SwarmService db alpine -WhatIf", "create")]
    [InlineData("Set-SwarmNode worker2 -Availability Drain -WhatIf", "move")]
    [InlineData("Remove-SwarmNode worker2 -WhatIf", "remove")]
    [InlineData("Get-SwarmTask web.1 | Stop-SwarmTask -WhatIf", "stop")]
    public async ValueTask WhatIf_shows_the_managers_preview_and_changes_nothing(string script, string action)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var result = shell.Run(script).ThrowIfFailed();
        Assert.Empty(result.Output);
        var step = Assert.IsType<PlannedAction>(Assert.Single(result.Information, i => i.Tags.Contains("SwarmPlan"))!.MessageData);
        Assert.Equal((action, "web.3", "worker2"), (step.Action, step.Task, step.Node));
        Assert.Contains($"{action} web.3 on worker2", shell.Screen, StringComparison.Ordinal);
        Assert.Equal("web", Assert.Single(shell.Fake.Services)!.Spec!.Name);
        Assert.Equal((3, 1ul), (shell.Fake.Nodes.Count, shell.Fake.Services[0].Spec!.Replicated!.Replicas));
        Assert.Equal("redis:3.0.6@sha256:1111", shell.Fake.Services[0].Spec!.Container!.Image);
    }

    [Fact]
    public async ValueTask WhatIf_counts_what_a_preview_does_not_list()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.UnlistedActions.Add(new() { Action = "create", Count = 40_000 });
        shell.Fake.UnlistedActions.Add(new() { Action = "keep", Count = 5 });
        shell.Run("Invoke-SwarmScale web 50000 -WhatIf").ThrowIfFailed();
        Assert.Contains("and 40005 more: 40000 create, 5 keep", shell.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask Wait_shows_progress_ends_with_the_service_and_tells_a_paused_update()
    {
        await using var shell = await Shell.StartAsync();
        var id = shell.Fake.AddService("web", 3).Id;
        shell.Fake.Progress.Add(
            new V1.ServiceProgress
            {
                ServiceId = id,
                ServiceName = "web",
                Desired = 3,
                Running = 1,
                States = { { "Running", 1 }, { "Preparing", 2 } },
            }
        );
        shell.Fake.Progress.Add(
            new V1.ServiceProgress
            {
                ServiceId = id,
                ServiceName = "web",
                Desired = 3,
                Running = 3,
                States = { { "Running", 3 } },
                Converged = true,
            }
        );
        var waited = shell.Run("Set-SwarmService web -Image web:2 -Wait -PassThru");
        Assert.Equal("web:2", waited.One<Service>().Image);
        Assert.Contains(waited.Progress, p => p.Activity == "web" && p.StatusDescription == "1 of 3 tasks run" && p.PercentComplete == 33);
        Assert.Contains(waited.Progress, p => p.Activity == "Preparing" && p.ParentActivityId == waited.Progress[0].ActivityId);
        Assert.Equal(ProgressRecordType.Completed, waited.Progress[^1].RecordType);
        shell.Fake.Progress[1]!.Stuck = true;
        shell.Fake.Progress[1]!.UpdateStatus = new V1.UpdateStatus { State = V1.UpdateState.Paused };
        shell.Fake.Progress[1]!.Message = "update paused due to failure of task web.1: No such image: web:2";
        var paused = shell.Run("Wait-SwarmService web").Error;
        Assert.StartsWith("UpdatePaused,", paused.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(
            "update paused due to failure of task web.1: No such image: web:2.",
            paused.Exception.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async ValueTask Wait_ends_at_its_timeout_and_says_that_the_change_stays()
    {
        await using var shell = await Shell.StartAsync();
        var id = shell.Fake.AddService("web", 3).Id;
        shell.Fake.Progress.Add(
            new V1.ServiceProgress
            {
                ServiceId = id,
                ServiceName = "web",
                Desired = 3,
                Running = 1,
            }
        );
        shell.Fake.Progress.Add(null);
        var error = shell.Run("Invoke-SwarmScale web 5 -Wait -Timeout 300ms").Error;
        Assert.StartsWith("WaitTimeout,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.OperationTimeout, "web"), (error.CategoryInfo.Category, (string)error.TargetObject));
        Assert.Contains("1 of 3 tasks run", error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(5ul, shell.Fake.Services[0].Spec.Replicated.Replicas);
    }

    [Fact]
    public async ValueTask A_prompt_comes_before_what_cannot_be_undone()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        foreach (
            var script in new[]
            {
                "Remove-SwarmService web",
                "Exit-Swarm",
                "Reset-SwarmJoinToken Worker",
                "Set-SwarmNode manager1 -Role Worker",
            }
        )
        {
            Assert.Contains("Prompted", shell.Run(script).Error.ToString(), StringComparison.Ordinal);
        }
        Assert.Single(shell.Fake.Services);
        Assert.Equal(0, shell.Fake.Count<V1.LeaveSwarmRequest>() + shell.Fake.Count<V1.RotateJoinTokenRequest>());
    }

    [Theory]
    [InlineData("Set-SwarmNode manager1 -Role Worker -Force")]
    [InlineData("Set-SwarmNode manager1 -Role Worker -Confirm:$false")]
    [InlineData("$ConfirmPreference = 'None'; Set-SwarmNode manager1 -Role Worker")]
    public async ValueTask The_last_manager_is_not_asked_about_where_nothing_is_to_be_asked_and_the_refusal_is_told(string script)
    {
        await using var shell = await Shell.StartAsync();
        var error = shell.Run(script).Error;
        Assert.StartsWith("LastManager,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.InvalidOperation, "manager1"), (error.CategoryInfo.Category, (string)error.TargetObject));
        Assert.Equal("attempting to demote the last manager of the swarm. Promote another node first.", error.ToString());
    }
}
