# What a swarm does, as Docker does it: states and their order, updates, drain, placement, restarts, global services, errors.
# The same on every control plane but for what differences.json lists. Updates.Tests.ps1 goes on with all that an update can do.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    Start-ConformanceSwarm conformance
}
AfterAll { Stop-ConformanceSwarm conformance }

Describe 'A service' {
    BeforeAll { $created = New-SwarmService -Name web -Image redis:3.0.6 -Replicas 1 -WarningAction SilentlyContinue -Wait }
    It 'has the image that was asked for, pinned where its digest is known' {
        if (Test-Difference 'image-digest') { $created.Image | Should -Be 'redis:3.0.6' }
        else { $created.Image | Should -Match '^redis:3\.0\.6@sha256:[0-9a-f]{64}$' }
    }
    It 'is found by name, id, the beginning of the id and wildcard' {
        foreach ($name in 'web', $created.Id, $created.Id.Substring(0, 10), 'we*') { (Get-SwarmService $name).Id | Should -Be $created.Id }
    }
    It 'has a task named after it, in slot 1' {
        $task = Get-SwarmTask -Service web
        $task.Name | Should -Be 'web.1'
        $task.ContainerName | Should -Be "web.1.$($task.Id)"
        "$($task.State)" | Should -Be 'Running'
        "$($task.DesiredState)" | Should -Be 'Running'
    }
    It 'scales up, slots counted from 1, spread evenly' {
        Invoke-SwarmScale web 6 -Wait
        $tasks = @(Get-RunningTask web)
        $tasks.Count | Should -Be 6
        foreach ($node in 'manager1', 'worker1', 'worker2') { @($tasks | Where-Object Node -EQ $node).Count | Should -Be 2 }
        foreach ($slot in 1..6) { @($tasks | Where-Object Slot -EQ $slot).Count | Should -Be 1 }
    }
    It 'scaled down, its tasks and their history go' {
        Invoke-SwarmScale web 2 -Wait
        Wait-Until { @(Get-SwarmTask -Service web).Count -eq 2 } 'two tasks'
    }
    It '-WhatIf names the tasks and changes nothing' {
        $plan = @(Invoke-SwarmScale web 4 -WhatIf 6>&1)
        $plan.Count | Should -Be 4
        (Get-SwarmService web).Replicas | Should -Be 2
    }
    It 'is gone when removed' {
        Remove-SwarmService web -Force -Wait
        { Get-SwarmService web -ErrorAction Stop } | Should -Throw -ErrorId 'ServiceNotFound*'
        @(Get-SwarmTask | Where-Object ServiceName -EQ web).Count | Should -Be 0
    }
}

Describe 'Rolling updates' {
    BeforeAll { $null = New-SwarmService -Name redis -Image redis:3.0.6 -Replicas 3 -UpdateMonitor 1s -RollbackMonitor 1s -WarningAction SilentlyContinue -Wait }
    AfterAll { Remove-SwarmService redis -Force -Wait }
    It 'stop the old task first, keep it as history, and end completed' {
        Set-SwarmService redis -Image redis:3.0.7 -WarningAction SilentlyContinue -Wait
        $status = (Get-SwarmService redis).UpdateStatus
        "$($status.State)" | Should -Be 'Completed'
        $status.Message | Should -Be 'update completed'
        $status.CompletedAt | Should -BeGreaterThan $status.StartedAt
        $tasks = @(Get-SwarmTask -Service redis)
        $tasks.Count | Should -Be 6
        foreach ($slot in 1..3) {
            $new, $old = @($tasks | Where-Object Slot -EQ $slot)
            $new.Image | Should -BeLike 'redis:3.0.7*'
            "$($new.State)" | Should -Be 'Running'
            $old.Image | Should -BeLike 'redis:3.0.6*'
            "$($old.State)" | Should -Be 'Shutdown'
            "$($old.DesiredState)" | Should -Be 'Shutdown'
        }
    }
    It 'make a revision that says what changed' {
        $revisions = @(Get-SwarmServiceRevision redis)
        $revisions.Count | Should -Be 2
        $revisions[1].IsCurrent | Should -Be $true
        $revisions[1].Changes[0] | Should -BeLike 'Container.Image: redis:3.0.6* -> redis:3.0.7*'
    }
    It 'pause when a task fails' {
        Set-SwarmService redis -Image redis:bad -WarningAction SilentlyContinue
        Wait-Until { "$((Get-SwarmService redis).UpdateStatus.State)" -eq 'Paused' } 'a paused update'
        (Get-SwarmService redis).UpdateStatus.Message | Should -BeLike 'update paused due to failure or early termination of task *'
        # The next slot may have been taken up before the failure was seen.
        @(Get-RunningTask redis | Where-Object Image -Like 'redis:3.0.7*').Count | Should -BeGreaterThan 0
    }
    It 'waiting for a paused update is an error, not a hang' {
        { Wait-SwarmService redis -ErrorAction Stop } | Should -Throw -ErrorId 'UpdatePaused*'
    }
    It 'are undone by Undo-SwarmService' {
        Undo-SwarmService redis -Wait
        "$((Get-SwarmService redis).UpdateStatus.State)" | Should -Be 'RollbackCompleted'
        @(Get-RunningTask redis | Where-Object Image -Like 'redis:3.0.7*').Count | Should -Be 3
    }
    It 'replace every task when forced' {
        $before = @(Get-RunningTask redis | ForEach-Object Id)
        Restart-SwarmService redis -Wait
        @(Get-RunningTask redis | Where-Object { $_.Id -in $before }).Count | Should -Be 0
    }
}

Describe 'Nodes' {
    It 'a drained node is empty, and its tasks run elsewhere' {
        $null = New-SwarmService -Name moving -Image redis:3.0.6 -Replicas 3 -WarningAction SilentlyContinue -Wait
        Set-SwarmNode worker2 -Availability Drain -Wait
        $tasks = @(Get-RunningTask moving)
        $tasks.Count | Should -Be 3
        @($tasks | Where-Object Node -EQ worker2).Count | Should -Be 0
        $placement = Test-SwarmPlacement moving | Where-Object Node -EQ worker2
        $placement.Suitable | Should -Be $false
        $placement.Filter | Should -Be 'ready'
    }
    It 'back to active it gets tasks when there are new ones' {
        Set-SwarmNode worker2 -Availability Active
        Invoke-SwarmScale moving 6 -Wait
        @(Get-RunningTask moving | Where-Object Node -EQ worker2).Count | Should -BeGreaterThan 0
        Remove-SwarmService moving -Force -Wait
    }
    It 'a paused node keeps what it has and gets nothing new' {
        $null = New-SwarmService -Name staying -Image redis:3.0.6 -Replicas 3 -WarningAction SilentlyContinue -Wait
        Set-SwarmNode worker2 -Availability Pause
        Invoke-SwarmScale staying 6 -Wait
        @(Get-RunningTask staying | Where-Object Node -EQ worker2).Count | Should -Be 1
        Set-SwarmNode worker2 -Availability Active
        Remove-SwarmService staying -Force -Wait
    }
    It 'the only manager cannot be demoted, and a node that is up not be removed' {
        { Set-SwarmNode manager1 -Role Worker -Force -ErrorAction Stop } | Should -Throw -ErrorId 'LastManager*'
        { Remove-SwarmNode worker1 -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'NodeNotDown*'
        { Remove-SwarmNode manager1 -Force -ErrorAction Stop } | Should -Throw -ErrorId 'NodeIsManager*'
        { Get-SwarmNode nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'NodeNotFound*'
    }
    It 'a worker is promoted and demoted' {
        if (Test-Difference 'roles') {
            { Set-SwarmNode worker1 -Role Manager -ErrorAction Stop } | Should -Throw -ErrorId 'MultipleManagersNotSupported*'
        }
        else {
            Set-SwarmNode worker1 -Role Manager
            Wait-Until { "$((Get-SwarmNode worker1).ManagerStatus)" -eq 'Reachable' } 'a second manager'
            "$((Get-SwarmNode manager1).ManagerStatus)" | Should -Be 'Leader'
            Set-SwarmNode worker1 -Role Worker -Confirm:$false
            Wait-Until { "$((Get-SwarmNode worker1).ManagerStatus)" -eq 'None' } 'one manager'
        }
    }
}

Describe 'Placement' {
    It 'constraints on engine labels are met' {
        $null = New-SwarmService -Name onssd -Image redis:3.0.6 -Replicas 4 -Constraint 'engine.labels.storage==hdd' -WarningAction SilentlyContinue -Wait
        @(Get-RunningTask onssd | Where-Object Node -EQ worker2).Count | Should -Be 4
        Remove-SwarmService onssd -Force -Wait
    }
    It 'a pending task says why per filter, and runs when the reason is gone' {
        $null = New-SwarmService -Name zoned -Image redis:3.0.6 -Constraint 'node.labels.zone==east' -WarningAction SilentlyContinue
        Wait-Until { @(Get-SwarmTask -Service zoned | Where-Object PendingReasons).Count -eq 1 } 'a pending reason'
        $task = Get-SwarmTask -Service zoned
        "$($task.State)" | Should -Be 'Pending'
        $task.PendingReasons[0].Filter | Should -Be 'constraints'
        $task.PendingReasons[0].Nodes | Should -Be 3
        Set-SwarmNode worker1 -Label @{ zone = 'east' }
        Wait-SwarmService zoned
        (Get-RunningTask zoned).Node | Should -Be 'worker1'
    }
    It 'a task whose node does not meet its constraint any more is moved, or pending' {
        Set-SwarmNode worker1 -RemoveLabel zone
        Wait-Until { @(Get-SwarmTask -Service zoned | Where-Object { "$($_.State)" -eq 'Pending' }).Count -eq 1 } 'a pending task'
        Remove-SwarmService zoned -Force -Wait
    }
    It 'a reservation that no node can meet is pending for its resources' {
        $null = New-SwarmService -Name huge -Image redis:3.0.6 -ReserveMemory 900TB -WarningAction SilentlyContinue
        Wait-Until { @(Get-SwarmTask -Service huge | Where-Object PendingReasons).Count -eq 1 } 'a pending reason'
        (Get-SwarmTask -Service huge).PendingReasons[0].Filter | Should -Be 'resources'
        Remove-SwarmService huge -Force -Wait
    }
    It 'no more replicas on a node than allowed' {
        $null = New-SwarmService -Name few -Image redis:3.0.6 -Replicas 4 -MaxReplicasPerNode 1 -WarningAction SilentlyContinue
        Wait-Until { @(Get-RunningTask few).Count -eq 3 } 'three tasks'
        Wait-Until { @(Get-SwarmTask -Service few | Where-Object { "$($_.State)" -eq 'Pending' -and $_.PendingReasons }).Count -eq 1 } 'one that waits'
        (Get-SwarmTask -Service few | Where-Object { "$($_.State)" -eq 'Pending' }).PendingReasons[0].Filter | Should -Be 'max-replicas'
        Remove-SwarmService few -Force -Wait
    }
    It 'preferences spread over the values of a label' {
        Set-SwarmNode manager1 -Label @{ rack = 'a' }
        Set-SwarmNode worker1 -Label @{ rack = 'b' }
        Set-SwarmNode worker2 -Label @{ rack = 'b' }
        $null = New-SwarmService -Name racks -Image redis:3.0.6 -Replicas 6 -PlacementPreference 'spread=node.labels.rack' -WarningAction SilentlyContinue -Wait
        @(Get-RunningTask racks | Where-Object Node -EQ manager1).Count | Should -Be 3
        Remove-SwarmService racks -Force -Wait
        foreach ($node in 'manager1', 'worker1', 'worker2') { Set-SwarmNode $node -RemoveLabel rack }
    }
    It 'a global service has a task on each node, and none on a drained one' {
        $null = New-SwarmService -Name everywhere -Image redis:3.0.6 -Mode Global -WarningAction SilentlyContinue -Wait
        @(Get-RunningTask everywhere).Count | Should -Be 3
        Set-SwarmNode worker1 -Availability Drain -Wait
        @(Get-RunningTask everywhere).Count | Should -Be 2
        Set-SwarmNode worker1 -Availability Active
        Wait-SwarmService everywhere
        @(Get-RunningTask everywhere).Count | Should -Be 3
        { Invoke-SwarmScale everywhere 2 -ErrorAction Stop } | Should -Throw -ErrorId 'NotReplicated*'
        Remove-SwarmService everywhere -Force -Wait
    }
}

Describe 'Restarts' {
    It 'a task that fails is replaced as often as allowed, and no more' {
        $null = New-SwarmService -Name failing -Image redis:bad -RestartDelay 100ms -RestartMaxAttempts 2 -WarningAction SilentlyContinue
        Wait-Until { @(Get-SwarmTask -Service failing | Where-Object { "$($_.State)" -eq 'Failed' }).Count -eq 3 } 'three attempts'
        $tasks = @(Get-SwarmTask -Service failing)
        $tasks.Count | Should -Be 3
        foreach ($task in $tasks) {
            $task.ExitCode | Should -Be 1
            $task.Error | Should -Be 'task: non-zero exit (1)'
        }
        Remove-SwarmService failing -Force -Wait
    }
    It 'never, when told so' {
        $null = New-SwarmService -Name once -Image redis:bad -RestartCondition None -WarningAction SilentlyContinue
        Wait-Until { @(Get-SwarmTask -Service once | Where-Object { "$($_.State)" -eq 'Failed' }).Count -eq 1 } 'one attempt'
        @(Get-SwarmTask -Service once).Count | Should -Be 1
        Remove-SwarmService once -Force -Wait
    }
    It 'after a stop, in its slot' {
        $null = New-SwarmService -Name slot -Image redis:3.0.6 -RestartDelay 100ms -WarningAction SilentlyContinue -Wait
        $first = Get-RunningTask slot
        if (Test-Difference 'stop-task') {
            { Stop-SwarmTask $first.Id -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'NotSupportedByControlPlane*'
        }
        else {
            Stop-SwarmTask $first.Id -Confirm:$false
            Wait-Until { @(Get-RunningTask slot | Where-Object Id -NE $first.Id).Count -eq 1 } 'a replacement'
            (Get-RunningTask slot).Name | Should -Be 'slot.1'
        }
        Remove-SwarmService slot -Force -Wait
    }
    It 'an image that does not exist is rejected, and said so' {
        $null = New-SwarmService -Name missing -Image nosuch:9 -RestartDelay 1s -NoResolveImage -WarningAction SilentlyContinue
        Wait-Until { @(Get-SwarmTask -Service missing | Where-Object { "$($_.State)" -eq 'Rejected' }).Count -ge 1 } 'a rejected task'
        (@(Get-SwarmTask -Service missing | Where-Object { "$($_.State)" -eq 'Rejected' })[0]).Error | Should -BeLike '*nosuch:9*'
        Remove-SwarmService missing -Force -Wait
    }
}

Describe 'Networks and ports' {
    It 'are there, or refused with their reason' {
        if (Test-Difference 'networks') {
            { New-SwarmNetwork mynet -ErrorAction Stop } | Should -Throw -ErrorId 'NotSupportedByControlPlane*'
            { New-SwarmService -Name net -Image redis:3.0.6 -Network mynet -ErrorAction Stop } | Should -Throw -ErrorId 'NotSupportedByControlPlane*'
            { New-SwarmService -Name net -Image redis:3.0.6 -Publish 80:80 -ErrorAction Stop } | Should -Throw -ErrorId 'NotSupportedByControlPlane*'
        }
        else {
            $network = New-SwarmNetwork mynet
            $network.Driver | Should -Be 'overlay'
            { New-SwarmNetwork mynet -ErrorAction Stop } | Should -Throw -ErrorId 'NameConflict*'
            $null = New-SwarmService -Name net -Image redis:3.0.6 -Network mynet -Publish 8089:6379/tcp -Replicas 2 -WarningAction SilentlyContinue -Wait
            (Get-SwarmService net).Networks | Should -Be 'mynet'
            "$((Get-SwarmService net).Ports)" | Should -Be '*:8089->6379/tcp'
            { Remove-SwarmNetwork mynet -Force -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkInUse*'
            Remove-SwarmService net -Force -Wait
            Wait-Until { try { Remove-SwarmNetwork mynet -Force -ErrorAction Stop; $true } catch { $false } } 'a network that is not used any more'
            { Get-SwarmNetwork mynet -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotFound*'
        }
    }
}

Describe 'Errors' {
    BeforeAll { $null = New-SwarmService -Name taken -Image redis:3.0.6 -Replicas 0 -WarningAction SilentlyContinue }
    AfterAll { Remove-SwarmService taken -Force -Wait }
    It 'a name that is taken' { { New-SwarmService -Name taken -Image alpine -ErrorAction Stop } | Should -Throw -ErrorId 'NameConflict*' }
    It 'a name that is none' { { New-SwarmService -Name '-no-' -Image alpine -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidName*' }
    It 'a constraint that is none' { { New-SwarmService -Name c -Image alpine -Constraint 'a=b' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConstraint*' }
    It 'nothing to go back to' { { Undo-SwarmService taken -ErrorAction Stop } | Should -Throw -ErrorId 'NoPreviousRevision*' }
    It 'a revision that is not there' { { Undo-SwarmService taken -ToRevision 9 -ErrorAction Stop } | Should -Throw -ErrorId 'RevisionNotFound*' }
    It 'a service that is not there' { { Remove-SwarmService nosuch -Force -ErrorAction Stop } | Should -Throw -ErrorId 'ServiceNotFound*' }
    It 'a swarm that is there already' { { Initialize-Swarm -AdvertiseAddress 127.0.0.1 -ErrorAction Stop } | Should -Throw -ErrorId 'AlreadyInSwarm*' }
}

Describe 'The list of differences' {
    It 'gives a reason for each, and names control planes that there are' {
        foreach ($entry in $differences.EnumerateArray()) {
            $entry.GetProperty('reason').GetString().Length | Should -BeGreaterThan 20
            foreach ($property in $entry.EnumerateObject()) {
                $property.Name -in 'id', 'reason', 'builtin-process', 'builtin-docker', 'docker-swarm' | Should -Be $true
            }
        }
    }
}
