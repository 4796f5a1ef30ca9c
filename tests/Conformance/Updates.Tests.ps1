# Updates of a Docker Swarm, beyond the acceptance tests, which run on each control plane too. It covers the state in the middle of an
# update,
# the number of tasks at once, failures, and the settings that Undo-SwarmService keeps. Only differences.json lists differences.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, '..', 'Acceptance', 'Common.ps1'))
    $nodes = Start-TestSwarm conformance-updates
    $WarningPreference = 'SilentlyContinue'
    $old = "${redis}:3.0.6"
    $new = "${redis}:3.0.7"
    $bad = "${redis}:bad"
    function Get-UpdateState { param([string] $Service) "$((Get-SwarmService $Service).UpdateStatus.State)" }
    function Get-RunningImage { param([string] $Service, [string] $Image) @(Get-RunningTask $Service | Where-Object Image -Like "$Image*") }
    # Counts the running tasks again and again until the update has ended. swarmd polls an engine five times a second.
    function Watch-Running {
        param([string] $Service, [string] $Until)
        $seen = [Collections.Generic.SortedSet[int]]::new()
        Wait-Until { $null = $seen.Add(@(Get-SwarmTask $Service | Where-Object State -EQ Running).Count); (Get-UpdateState $Service) -eq $Until } "an update that is $Until"
        $seen
    }
}
AfterAll { Stop-TestSwarm conformance-updates }

Describe 'In the middle of an update' {
    BeforeAll {
        $null = New-SwarmService -Name redis -Image $old -Replicas 3 -UpdateDelay 1h -UpdateMonitor 100ms -RollbackMonitor 3s -Wait # a rollback that is long enough to be seen
        $before = Get-RunningTask redis
        Set-SwarmService redis -Image $new
        Wait-Until { (Get-RunningImage redis $new).Count -eq 1 -and @(Get-RunningTask redis).Count -eq 3 } 'the first task of three'
    }
    AfterAll { Remove-SwarmService redis -Force -Wait }
    It 'the status says so, and has no end yet' {
        $status = (Get-SwarmService redis).UpdateStatus
        "$($status.State) $($status.Message)" | Should -Be 'Updating update in progress'
        $status.StartedAt | Should -BeOfType [DateTime]
        $status.CompletedAt | Should -BeNullOrEmpty
    }
    It 'one slot has the new task above the old one, the others wait for the delay untouched' {
        $task = Get-RunningImage redis $new
        $history = @(Get-SwarmTask redis | Where-Object IsHistory)
        $history.Count | Should -Be 1
        "$($history[0].Slot) $($history[0].DesiredState) $($history[0].State)" | Should -Be "$($task.Slot) Shutdown Shutdown"
        $history[0].Id | Should -BeIn $before.Id
        foreach ($other in Get-RunningImage redis $old) { $other.Id | Should -BeIn $before.Id }
        (Get-SwarmService redis).Running | Should -Be 3
    }
    It 'Undo-SwarmService goes back at once, and only what was replaced is replaced again' {
        $replaced = Get-RunningImage redis $new
        Undo-SwarmService redis
        $status = (Get-SwarmService redis).UpdateStatus
        "$($status.State) $($status.Message)" | Should -Be 'RollbackStarted manually requested rollback'
        Wait-Until { (Get-UpdateState redis) -eq 'RollbackCompleted' } 'a completed rollback'
        (Get-SwarmService redis).UpdateStatus.Message | Should -Be 'rollback completed'
        $after = Get-RunningImage redis $old
        $after.Count | Should -Be 3
        @($after | Where-Object Id -NotIn $before.Id).Slot | Should -Be $replaced.Slot
    }
}

Describe 'How many at once' {
    BeforeEach { $null = New-SwarmService -Name many -Image $old -Replicas 6 -StopSignal KILL -UpdateMonitor 100ms -Wait }
    AfterEach { Remove-SwarmService many -Force -Wait }
    It 'never more than the parallelism, with the old one stopped first' {
        Set-SwarmService many -Image $new -UpdateParallelism 2
        $seen = @(Watch-Running many Completed)
        foreach ($running in $seen) { $running | Should -BeIn 4, 5, 6 }
        (Get-RunningImage many $new).Count | Should -Be 6
    }
    It 'all of them, with the new ones started first: none is missing at any time' {
        Set-SwarmService many -Image $new -UpdateParallelism 0 -UpdateOrder StartFirst
        $seen = @(Watch-Running many Completed)
        foreach ($running in $seen) { $running | Should -BeIn (6..12) }
        Wait-Until { (Get-RunningImage many $new).Count -eq 6 -and @(Get-RunningTask many).Count -eq 6 } 'six new tasks alone'
        # In each slot the old task ended when the new one ran.
        Wait-Until { @(Get-SwarmTask many | Where-Object State -EQ Shutdown).Count -eq 6 } 'the ends of six old ones'
        foreach ($task in Get-RunningTask many) {
            $old = Get-SwarmTask many | Where-Object { $_.Slot -eq $task.Slot -and $_.Id -ne $task.Id }
            $old.StateSince | Should -BeGreaterThan $task.StateSince
        }
    }
}

Describe 'An update that fails' {
    BeforeEach { $null = New-SwarmService -Name fails -Image $new -Replicas 6 -StopSignal KILL -RestartDelay 100ms -UpdateMonitor 3s -RollbackMonitor 2s -Wait } # a rollback that is long enough to be seen
    AfterEach { Remove-SwarmService fails -Force -Wait }
    It 'pauses: the message names a task that failed, the rest goes on, and the spec stays the new one' {
        Set-SwarmService fails -Image $bad
        Wait-Until { (Get-UpdateState fails) -eq 'Paused' } 'a paused update'
        $status = (Get-SwarmService fails).UpdateStatus
        $status.CompletedAt | Should -BeNullOrEmpty
        $status.Message | Should -Match '^update paused due to failure or early termination of task ([0-9a-z]{25})$'
        $named = Get-SwarmTask $status.Message.Substring($status.Message.Length - 25)
        "$($named.State) $($named.ExitCode) $($named.Error)" | Should -Be 'Failed 1 task: non-zero exit (1)'
        (Get-RunningImage fails $new).Count | Should -BeIn 4, 5 # the next slot may have been taken up before the failure was seen
        (Get-SwarmService fails).Image | Should -BeLike "$bad*"
        Undo-SwarmService fails
        Wait-Until { (Get-UpdateState fails) -eq 'RollbackCompleted' -and (Get-RunningImage fails $new).Count -eq 6 } 'six of before'
    }
    It 'paused, it is not resumed by labels, but by the image, which is tried anew' {
        Set-SwarmService fails -Image $bad
        Wait-Until { (Get-UpdateState fails) -eq 'Paused' } 'a paused update'
        $paused = (Get-SwarmService fails).UpdateStatus
        Set-SwarmService fails -Label @{ tier = 'front' }
        # The seventh task comes after both changes were seen.
        Invoke-SwarmScale fails 7
        Wait-Until { @(Get-SwarmTask fails | Where-Object Slot -EQ 7).Count -gt 0 } 'a task in the seventh slot'
        if (Test-Difference 'paused-update') { "$((Get-SwarmService fails).UpdateStatus.StartedAt)" | Should -Be "$($paused.StartedAt)" }
        else { Wait-Until { "$((Get-SwarmService fails).UpdateStatus.StartedAt)" -ne "$($paused.StartedAt)" } 'an update that goes on' }
        Set-SwarmService fails -Image $bad
        Wait-Until { $now = (Get-SwarmService fails).UpdateStatus; "$($now.State)" -eq 'Paused' -and $now.StartedAt -gt $paused.StartedAt } 'another attempt, paused again'
        Set-SwarmService fails -Image $new
        Wait-Until { (Get-UpdateState fails) -eq 'Completed' -and (Get-RunningImage fails $new).Count -eq 7 } 'seven that run'
    }
    It 'rolls back when more than the allowed part has failed: the status says of which task, then that it is done' {
        $messages = [Collections.Generic.HashSet[string]]::new()
        Set-SwarmService fails -Image $bad -UpdateFailureAction Rollback -UpdateMaxFailureRatio 0.2
        Wait-Until { $status = (Get-SwarmService fails).UpdateStatus; $null = $messages.Add($status.Message); "$($status.State)" -eq 'RollbackCompleted' } 'a completed rollback'
        # A single failure of six is less than 0.2; two are more.
        $failed = [Collections.Generic.HashSet[uint]]::new([uint[]]@((Get-SwarmTask fails | Where-Object State -EQ Failed).Slot))
        $failed.Count | Should -BeGreaterOrEqual 2
        $said = @($messages | Where-Object { $_ -like 'update rolled back *' })
        $said.Count | Should -BeGreaterThan 0 -Because "$messages"
        foreach ($message in $said) { $message | Should -Match '^update rolled back due to failure or early termination of task [0-9a-z]{25}$' }
        $status = (Get-SwarmService fails).UpdateStatus
        $status.Message | Should -Be 'rollback completed'
        $status.CompletedAt | Should -BeGreaterThan $status.StartedAt
        $status.Error | Should -Be 'task: non-zero exit (1)'
        $status.FailedTaskId | Should -BeIn (Get-SwarmTask fails | Where-Object State -EQ Failed).Id
        (Get-SwarmService fails).Image | Should -BeLike "$new*"
        Wait-Until { (Get-RunningImage fails $new).Count -eq 6 } 'six of before'
    }
    It 'goes on when told so: it completes, and nothing runs' {
        Set-SwarmService fails -Image $bad -UpdateFailureAction Continue -UpdateParallelism 0 -RestartCondition None
        Wait-Until { (Get-UpdateState fails) -eq 'Completed' -and (Get-SwarmService fails).Running -eq 0 } 'an update that ends'
        "$((Get-SwarmService fails).UpdateStatus.Message) $((Get-SwarmService fails).Running)" | Should -Be 'update completed 0'
    }
    It 'an image that does not exist: its tasks are rejected, with the words of the engine' {
        Set-SwarmService fails -Image "${redis}:nosuch" -NoResolveImage
        Wait-Until { (Get-UpdateState fails) -eq 'Paused' } 'a paused update'
        # A rejected task is replaced after the delay like any other failed task, and is no longer wanted.
        Wait-Until { @(Get-SwarmTask fails | Where-Object { "$($_.State) $($_.DesiredState)" -eq 'Rejected Shutdown' }).Count -gt 0 } 'a rejected task that was replaced'
        foreach ($rejected in Get-SwarmTask fails | Where-Object State -EQ Rejected) { $rejected.Error | Should -BeLike "No such image: ${redis}:nosuch*" }
    }
}

Describe 'Undo-SwarmService' {
    It 'leaves the scale alone' {
        $null = New-SwarmService -Name scaled -Image $old -Replicas 2 -UpdateMonitor 100ms -RollbackMonitor 100ms -Wait
        Set-SwarmService scaled -Image $new -Wait
        Invoke-SwarmScale scaled 3 -Wait
        Undo-SwarmService scaled -Wait
        (Get-SwarmService scaled).Replicas | Should -Be 3
        (Get-SwarmService scaled).Image | Should -BeLike "$old*"
        Get-UpdateState scaled | Should -Be $(if (Test-Difference 'undo-after-scale') { 'Completed' } else { 'RollbackCompleted' })
        Remove-SwarmService scaled -Force -Wait
    }
}

Describe 'What else happens to a service' {
    It 'a node that is drained under an update' {
        $null = New-SwarmService -Name drained -Image $old -Replicas 3 -StopSignal KILL -UpdateDelay 1h -UpdateMonitor 1h -Wait
        Set-SwarmService drained -Image $new
        Wait-Until { (Get-RunningImage drained $new).Count -eq 1 } 'the first of three'
        $task = Get-RunningImage drained $new
        Set-SwarmNode $task.Node -Availability Drain -Wait
        try {
            # Its end was judged before the task in its place ran.
            if (Test-Difference 'drain-during-update') {
                Wait-Until { @(Get-RunningImage drained $new | Where-Object { $_.Slot -eq $task.Slot -and $_.Id -ne $task.Id }).Count -eq 1 } 'another task in its slot'
                Get-UpdateState drained | Should -Be 'Updating'
            }
            else { Wait-Until { (Get-UpdateState drained) -eq 'Paused' } 'a paused update' }
        }
        finally { Set-SwarmNode $task.Node -Availability Active }
        Remove-SwarmService drained -Force -Wait
    }
    It 'attempts and the history' {
        $null = New-SwarmService -Name attempts -Image $old -StopSignal KILL -RestartMaxAttempts 1 -UpdateMonitor 100ms -Wait
        foreach ($image in $new, $old, $new) { Set-SwarmService attempts -Image $image -Wait }
        $kept = if (Test-Difference 'history-with-attempts') { 4 } else { 2 }
        Wait-Until { @(Get-SwarmTask attempts).Count -eq $kept } "$kept tasks"
        Remove-SwarmService attempts -Force -Wait
    }
    It 'the image named again for a task that is not restarted' {
        $null = New-SwarmService -Name again -Image $bad -RestartCondition None
        Wait-Until { @(Get-SwarmTask again | Where-Object State -EQ Failed).Count -eq 1 } 'a failed task'
        Set-SwarmService again -Image $bad
        if (Test-Difference 'new-attempt') {
            # Docker looks at changes in their order: where the second slot has a task, the first one has none to come.
            Invoke-SwarmScale again 2
            Wait-Until { @(Get-SwarmTask again | Where-Object { $_.Slot -eq 2 -and $_.State -eq 'Failed' }).Count -eq 1 } 'a failed task in a second slot'
            @(Get-SwarmTask again | Where-Object Slot -EQ 1).Count | Should -Be 1
        }
        else { Wait-Until { @(Get-SwarmTask again | Where-Object State -EQ Failed).Count -eq 2 } 'another failed task' }
        Remove-SwarmService again -Force -Wait
    }
    It 'a slot that no node takes' {
        $null = New-SwarmService -Name crowded -Image $old -Replicas 4 -StopSignal KILL -Constraint 'node.hostname!=manager1' -MaxReplicasPerNode 1 -UpdateMonitor 100ms
        Wait-Until { @(Get-RunningTask crowded).Count -eq 2 -and @(Get-SwarmTask crowded | Where-Object PendingReasons).Count -eq 2 } 'two that run and two that wait'
        # The scheduler writes a reason after it has tried, and another one when the others run.
        Wait-Until { ((@(Get-SwarmTask crowded | Where-Object PendingReasons)[0]).PendingReasons.Filter -join ' ') -eq 'constraints max-replicas' } 'both reasons, in the order of the filters'
        if (Test-Difference 'pending-order') { Wait-Until { (@(Get-SwarmTask crowded | Where-Object PendingReasons)[0]).Error -match 'max replicas.*constraints' } 'the error with the reason of most nodes first' }
        Set-SwarmService crowded -Image $new
        if (Test-Difference 'unplaced-slots') {
            # The two places are taken by then, and the update waits for a third one.
            Wait-Until { @(Get-SwarmTask crowded | Where-Object { $_.Image -like "$new*" -and $_.DesiredState -le 'Running' -and $_.Error -like 'no suitable node*' }).Count -eq 1 } 'a new task that no node takes'
            Get-UpdateState crowded | Should -Be 'Updating'
            @(Get-SwarmTask crowded | Where-Object { $_.Image -like "$old*" -and $_.DesiredState -le 'Running' }).Count | Should -BeGreaterThan 0
        }
        else {
            Wait-Until { (Get-RunningImage crowded $new).Count -eq 2 } 'two new ones that run'
            Wait-Until { @(Get-SwarmTask crowded | Where-Object { $_.DesiredState -le 'Running' -and $_.Image -notlike "$new*" }).Count -eq 0 } 'no old one that is wanted'
        }
        Remove-SwarmService crowded -Force -Wait
    }
}
