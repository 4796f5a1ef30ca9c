# Row W16 of the walkthrough: rolling updates, failed updates, rollback, revisions, and changes that do not replace tasks.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $nodes = Start-TestSwarm acceptance-updates
    $WarningPreference = 'SilentlyContinue'
    function Get-UpdateState { param([string] $Service) "$((Get-SwarmService $Service).UpdateStatus.State)" }
}
AfterAll { Stop-TestSwarm acceptance-updates }

Describe 'Rolling update' {
    BeforeAll { $null = New-SwarmService -Name redis -Image "${redis}:3.0.6" -Replicas 3 -UpdateDelay 500ms -UpdateMonitor 3s -Wait } # a failing task ends within the monitor on a busy machine too
    It '-WhatIf names the tasks that would be replaced' {
        Set-SwarmService redis -Image "${redis}:3.0.7" -WhatIf -InformationVariable plan
        $steps = @($plan | ForEach-Object MessageData | Where-Object { $_ -is [Swarm.PlannedAction] })
        foreach ($name in 'redis.1', 'redis.2', 'redis.3') { $steps.Task | Should -Contain $name }
        (Get-SwarmService redis).Image | Should -BeLike "${redis}:3.0.6@*"
    }
    It 'one task after the other, and the old ones stay as history' {
        # At most one slot of three lacks its running task at any time.
        Set-SwarmService -Image "${redis}:3.0.7" redis | Should -BeNullOrEmpty
        Get-UpdateState redis | Should -Be 'Updating'
        (Get-SwarmService redis).UpdateStatus.Message | Should -Be 'update in progress'
        (Get-SwarmService redis).UpdateStatus.StartedAt | Should -BeOfType [DateTime]
        $seen = [Collections.Generic.List[int]]::new()
        Wait-Until { $seen.Add(@(Get-RunningTask redis).Count); (Get-UpdateState redis) -ne 'Updating' } 'the update ended'
        foreach ($running in $seen) { $running | Should -BeGreaterOrEqual 2 }
        $service = Get-SwarmService redis
        "$($service.UpdateStatus.State)" | Should -Be 'Completed'
        $service.UpdateStatus.Message | Should -Be 'update completed'
        $service.UpdateStatus.CompletedAt | Should -BeGreaterThan $service.UpdateStatus.StartedAt
        $service.PreviousImage | Should -BeLike "${redis}:3.0.6@*"
        @(Get-RunningTask redis | Where-Object Image -Like "${redis}:3.0.7@*").Count | Should -Be 3
        $history = @(Get-SwarmTask redis | Where-Object IsHistory)
        $history.Count | Should -Be 3
        foreach ($old in $history) { "$($old.DesiredState) $($old.State) $($old.Image.Split('@')[0])" | Should -Be "Shutdown Shutdown ${redis}:3.0.6" }
        Get-SwarmTask redis | Show-Text | Should -Match '(?m)^\w{12} +redis\.1 .*3\.0\.7 .*\r?\n\w{12} +\\_ redis\.1 .*3\.0\.6 .* Shutdown +Shutdown '
    }
    It 'runs what it says' {
        $task = Get-RunningTask redis
        if ($executor -eq 'Docker') {
            foreach ($one in $task) { Invoke-Docker $one.Node 'exec', $one.ContainerId, 'redis-server', '--version' | Should -Match 'v=3\.0\.7' }
        }
        else { foreach ($one in $task) { [IO.File]::ReadAllText("/proc/$($one.ProcessId)/environ") | Should -Match 'REDIS_VERSION=3\.0\.7' } }
    }
    It 'pauses when a task fails; the rest goes on as before' {
        Set-SwarmService redis -Image "${redis}:bad"
        Wait-Until { (Get-UpdateState redis) -eq 'Paused' } 'a paused update'
        (Get-SwarmService redis).UpdateStatus.Message | Should -BeLike 'update paused due to failure or early termination of task *'
        @(Get-RunningTask redis | Where-Object Image -Like "${redis}:3.0.7@*").Count | Should -Be 2
        $failed = @(Get-SwarmTask redis | Where-Object State -EQ Failed)
        $failed[0].Error | Should -Be 'task: non-zero exit (1)'
        $failed[0].ExitCode | Should -Be 1
        Get-SwarmService redis | Show-Text | Should -Match 'paused'
    }
    It 'a wait for it says that it will not converge' {
        { Wait-SwarmService redis -Timeout 60s -ErrorAction Stop } | Should -Throw -ErrorId 'UpdatePaused*' -PassThru | Should -BeLike '*Undo-SwarmService redis*'
    }
    It 'Undo-SwarmService goes back' {
        Undo-SwarmService redis -Wait | Should -BeNullOrEmpty
        Get-UpdateState redis | Should -Be 'RollbackCompleted'
        @(Get-RunningTask redis | Where-Object Image -Like "${redis}:3.0.7@*").Count | Should -Be 3
    }
    It 'the revisions say what changed, and which is current' {
        $revisions = Get-SwarmServiceRevision redis
        $revisions.Number | Should -Be 1, 2, 3
        ($revisions | Where-Object IsCurrent).Number | Should -Be 2
        $revisions[0].Changes | Should -BeNullOrEmpty
        $revisions[1].Changes | Should -BeLike "*Image: ${redis}:3.0.6@sha256:* -> ${redis}:3.0.7@sha256:*"
        $revisions[1].Running | Should -Be 3
        (Get-SwarmServiceRevision redis 3).Image | Should -BeLike "${redis}:bad*"
        $text = $revisions | Show-Text
        $text | Should -Match "(?m)^redis +2 \* +$([regex]::Escape($redis)):3\.0\.7 +3 .*Image: $([regex]::Escape($redis)):3\.0\.6 -> $([regex]::Escape($redis)):3\.0\.7\s*$"
    }
    It 'and Undo-SwarmService goes to any of them' {
        Undo-SwarmService redis -ToRevision 1 -WhatIf
        (Get-SwarmService redis).Image | Should -BeLike "${redis}:3.0.7@*"
        (Undo-SwarmService redis -ToRevision 1 -Wait -PassThru).Image | Should -BeLike "${redis}:3.0.6@*"
        @(Get-RunningTask redis | Where-Object Image -Like "${redis}:3.0.6@*").Count | Should -Be 3
        (Get-SwarmServiceRevision redis | Where-Object IsCurrent).Number | Should -Be 1
        { Undo-SwarmService redis -ToRevision 1 -ErrorAction Stop } | Should -Throw -ErrorId 'RevisionIsCurrent*'
        { Undo-SwarmService redis -ToRevision 99 -ErrorAction Stop } | Should -Throw -ErrorId 'RevisionNotFound*' -PassThru | Should -BeLike '*Get-SwarmServiceRevision*'
    }
    It 'Restart-SwarmService replaces every task with its like' {
        $before = (Get-RunningTask redis).Id
        Restart-SwarmService redis -WhatIf
        (Get-RunningTask redis).Id | Should -Be $before
        Restart-SwarmService redis -Wait
        $after = Get-RunningTask redis
        @($after).Count | Should -Be 3
        foreach ($task in $after) { $task.Id | Should -Not -BeIn $before; $task.Image | Should -BeLike "${redis}:3.0.6@*" }
    }
    It 'keeps at most the history limit of a slot' {
        # The running task counts.
        Set-Swarm -TaskHistoryLimit 2
        foreach ($number in 1..2) { Restart-SwarmService redis -Wait }
        Wait-Until { @(Get-SwarmTask redis.1).Count -eq 2 } 'two tasks of the slot'
        @(Get-SwarmTask redis.1 | Where-Object IsHistory).Count | Should -Be 1
        Set-Swarm -TaskHistoryLimit 5
        foreach ($number in 1..4) { Restart-SwarmService redis -Wait }
        Wait-Until { @(Get-SwarmTask redis.1).Count -eq 5 } 'five tasks of the slot'
        @(Get-SwarmTask redis.1 | Where-Object IsHistory).Count | Should -Be 4
    }
    It 'what the tasks are not made of replaces none' {
        $before = (Get-RunningTask redis).Id
        Set-SwarmService redis -Label @{ tier = 'data' } -UpdateParallelism 2 -UpdateDelay 10m20s -RollbackParallelism 3 -Wait
        $service = Get-SwarmService redis
        $service.Labels['tier'] | Should -Be 'data'
        $service.UpdateConfig.Parallelism | Should -Be 2
        $service.UpdateConfig.Delay | Should -Be ([TimeSpan]::new(0, 10, 20))
        (Get-RunningTask redis).Id | Should -Be $before
    }
    It 'nothing to go back to is an error' {
        $null = New-SwarmService -Name fresh -Image "${redis}:3.0.7" -Wait
        { Undo-SwarmService fresh -ErrorAction Stop } | Should -Throw -ErrorId 'NoPreviousRevision*'
        Remove-SwarmService fresh -Force
    }
}

Describe 'Update policy' {
    BeforeEach { $null = New-SwarmService -Name policy -Image "${redis}:3.0.7" -Replicas 4 -UpdateMonitor 300ms -RollbackMonitor 300ms -RestartDelay 100ms -Wait }
    AfterEach { Remove-SwarmService policy -Force -Wait }
    It 'rolls back by itself when told so, and the wait says why' {
        Set-SwarmService policy -Image "${redis}:bad" -UpdateFailureAction Rollback -UpdateMonitor 30s -Wait -ErrorVariable failure -ErrorAction SilentlyContinue
        $? | Should -BeFalse
        "$($failure[0].FullyQualifiedErrorId) $($failure[0])" | Should -BeLike "UpdateRolledBack,*The update of service 'policy' failed and was rolled back: task: non-zero exit (1). *"
        Get-UpdateState policy | Should -Be 'RollbackCompleted'
        $status = (Get-SwarmService policy).UpdateStatus
        $status.Error | Should -Be 'task: non-zero exit (1)'
        (Get-SwarmTask $status.FailedTaskId).Image | Should -BeLike "${redis}:bad@*"
        { Wait-SwarmService policy -Timeout 60 -ErrorAction Stop } | Should -Throw -ErrorId 'UpdateRolledBack*'
        Wait-Until { @(Get-RunningTask policy | Where-Object Image -Like "${redis}:3.0.7@*").Count -eq 4 } 'four tasks of 3.0.7'
        $status.Message | Should -Be 'rollback completed'
        Invoke-SwarmScale policy 4 -Wait -ErrorAction Stop # it begins no update
    }
    It 'goes on when told so' {
        Set-SwarmService policy -Image "${redis}:bad" -UpdateFailureAction Continue -UpdateParallelism 0
        Wait-Until { (Get-UpdateState policy) -eq 'Completed' } 'a completed update'
        # From then on they start and fail in turns; none has the old image.
        Wait-Until { @(Get-SwarmTask policy | Where-Object { $_.DesiredState -in 'Running', 'Ready' -and $_.Image -like "${redis}:bad@*" }).Count -eq 4 } 'four tasks of the bad image'
        Get-RunningTask policy | Where-Object Image -NotLike "${redis}:bad@*" | Should -BeNullOrEmpty
    }
    It 'start-first overlaps: the old task runs until the new one does' {
        Set-SwarmService policy -Image "${redis}:3.0.6" -UpdateOrder StartFirst
        $seen = [Collections.Generic.List[int]]::new()
        Wait-Until { $seen.Add(@(Get-SwarmTask policy | Where-Object State -EQ Running).Count); (Get-UpdateState policy) -eq 'Completed' } 'a completed update'
        foreach ($running in $seen) { $running | Should -BeGreaterOrEqual 4 }
        @(Get-RunningTask policy | Where-Object Image -Like "${redis}:3.0.6@*").Count | Should -Be 4
    }
    It 'several at once with parallelism' {
        Set-SwarmService policy -Image "${redis}:3.0.6" -UpdateParallelism 2 -UpdateDelay 0s -Wait
        @(Get-RunningTask policy | Where-Object Image -Like "${redis}:3.0.6@*").Count | Should -Be 4
    }
    It 'an update during an update takes its place' {
        Set-SwarmService policy -Image "${redis}:3.0.6" -UpdateDelay 1h
        Wait-Until { @(Get-RunningTask policy | Where-Object Image -Like "${redis}:3.0.6@*").Count -eq 1 } 'a first task'
        Set-SwarmService policy -Image "${redis}:3.0.7" -UpdateDelay 0s -Wait
        @(Get-RunningTask policy | Where-Object Image -Like "${redis}:3.0.7@*").Count | Should -Be 4
    }
    It 'an image that does not exist is rejected, and the update pauses' {
        { Set-SwarmService policy -Image "${redis}:nosuch" -Wait -ErrorAction Stop } | Should -Throw -ErrorId 'UpdatePaused*' -ExpectedMessage "*: No such image: ${redis}:nosuch*"
        Get-UpdateState policy | Should -Be 'Paused'
        $rejected = @(Get-SwarmTask policy | Where-Object State -EQ Rejected)
        $rejected[0].Error | Should -BeLike "No such image: ${redis}:nosuch*"
        @(Get-RunningTask policy).Count | Should -Be 3
    }
    It 'a first deployment that cannot start: the wait warns of the reason, and its timeout has it' {
        New-SwarmService -Name first -Image "${redis}:nosuch" -Wait -Timeout 6 -WarningVariable told -ErrorVariable failure -ErrorAction SilentlyContinue | Should -Not -BeNullOrEmpty
        "$($failure[0].FullyQualifiedErrorId) $($failure[0])" | Should -BeLike "WaitTimeout,*within 6s: 0 of 1 tasks run: No such image: ${redis}:nosuch*"
        @("$told" -split 'has not converged yet: No such image').Count | Should -Be 2
        Remove-SwarmService first -Force
    }
}
