# Rows W09–W18 and W22–W27: services, tasks, updates, drain, self-healing, global, constraints, resources.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $sandbox = Start-SwarmSandbox acceptance-services -Workers 2 -Executor Process -Label @{
        manager1 = @{ storage = 'ssd' }; worker1 = @{ storage = 'hdd' }; worker2 = @{ storage = 'ssd' }
    }
}
AfterAll { Stop-SwarmSandbox acceptance-services }

Describe 'Create, list, inspect, remove' {
    BeforeAll { $created = New-SwarmService -Name helloworld -Image alpine -Command ping, docker.com -Replicas 1 -Wait }
    It 'answers the service' {
        $created.Name | Should -Be 'helloworld'
        $created.Image | Should -Match '^alpine:latest@sha256:[0-9a-f]{64}$'
    }
    It 'lists it with its replicas' {
        $service = Get-SwarmService helloworld
        $service.Replicas | Should -Be 1
        $service.Running | Should -Be 1
    }
    It 'finds it by wildcard and by the beginning of its id' {
        (Get-SwarmService 'hello*').Id | Should -Be $created.Id
        (Get-SwarmService $created.Id.Substring(0, 12)).Id | Should -Be $created.Id
    }
    It 'names the container as Docker does' {
        $task = Get-SwarmTask -Service helloworld
        $task.Name | Should -Be 'helloworld.1'
        $task.ContainerName | Should -Be "helloworld.1.$($task.Id)"
    }
    It 'refuses the name a second time' { { New-SwarmService -Name helloworld -Image alpine -ErrorAction Stop } | Should -Throw -ErrorId 'NameConflict*' }
    It 'refuses a name that is none' { { New-SwarmService -Name '-no-' -Image alpine -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidName*' }
    It 'shows where a constraint is wrong' {
        { New-SwarmService -Name c -Image alpine -Constraint 'node.labels.zone=east' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConstraint*'
    }
    It 'refuses a negative number of replicas' { { Invoke-SwarmScale helloworld -1 -ErrorAction Stop } | Should -Throw }
    It '-WhatIf changes nothing' {
        Invoke-SwarmScale helloworld 3 -WhatIf
        (Get-SwarmService helloworld).Replicas | Should -Be 1
    }
    It 'scales, and spreads over the nodes' {
        Invoke-SwarmScale helloworld 6 -Wait
        $running = Get-RunningTask helloworld
        @($running).Count | Should -Be 6
        foreach ($node in 'manager1', 'worker1', 'worker2') { @($running | Where-Object Node -EQ $node).Count | Should -Be 2 }
    }
    It 'is gone after its removal, and its name is in the error' {
        Remove-SwarmService helloworld -Force -Wait
        { Get-SwarmService helloworld -ErrorAction Stop } | Should -Throw -ErrorId 'ServiceNotFound*' -ExpectedMessage '*helloworld*'
        @(Get-SwarmTask | Where-Object ServiceName -EQ helloworld).Count | Should -Be 0
    }
}

Describe 'Updates' {
    BeforeAll { $null = New-SwarmService -Name redis -Image redis:3.0.6 -Replicas 2 -UpdateMonitor 300ms -Wait }
    AfterAll { Remove-SwarmService redis -Force }
    It 'replaces every task and keeps the old ones as history' {
        Set-SwarmService redis -Image redis:3.0.7 -Wait
        "$((Get-SwarmService redis).UpdateStatus.State)" | Should -Be 'Completed'
        @(Get-RunningTask redis | Where-Object Image -Like 'redis:3.0.7*').Count | Should -Be 2
        @(Get-SwarmTask -Service redis | Where-Object { $_.Image -like 'redis:3.0.6*' -and $_.State -eq 'Shutdown' }).Count | Should -Be 2
    }
    It 'pauses when a task fails' {
        Set-SwarmService redis -Image redis:bad
        Wait-Until { "$((Get-SwarmService redis).UpdateStatus.State)" -eq 'Paused' } 'a paused update'
        (Get-SwarmService redis).UpdateStatus.Message | Should -BeLike 'update paused due to failure or early termination of task *'
    }
    It 'goes back with Undo-SwarmService' {
        Undo-SwarmService redis -Wait
        Wait-Until { @(Get-RunningTask redis | Where-Object Image -Like 'redis:3.0.7*').Count -eq 2 } 'two tasks of 3.0.7'
    }
    It 'rolls back by itself when told so' {
        Set-SwarmService redis -Image redis:bad -UpdateFailureAction Rollback -RollbackMonitor 300ms
        Wait-Until { "$((Get-SwarmService redis).UpdateStatus.State)" -eq 'RollbackCompleted' } 'a completed rollback'
        Wait-Until { @(Get-RunningTask redis | Where-Object Image -Like 'redis:3.0.7*').Count -eq 2 } 'two tasks of 3.0.7'
    }
}

Describe 'Placement' {
    It 'global: one task a node' {
        $null = New-SwarmService -Name everywhere -Image alpine -Command ping, docker.com -Mode Global -Wait
        @(Get-RunningTask everywhere).Count | Should -Be 3
        Remove-SwarmService everywhere -Force
    }
    It 'an engine label is met' {
        $null = New-SwarmService -Name onssd -Image alpine -Command ping, docker.com -Replicas 4 -Constraint 'engine.labels.storage==ssd' -Wait
        @(Get-RunningTask onssd | Where-Object Node -EQ worker1).Count | Should -Be 0
        Remove-SwarmService onssd -Force
    }
    It 'a pending task says why, and starts when the reason goes' {
        $null = New-SwarmService -Name zoned -Image alpine -Command ping, docker.com -Constraint 'node.labels.zone==east'
        Wait-Until { @((Get-SwarmTask -Service zoned).PendingReasons).Count -eq 1 } 'a pending reason'
        $reason = (Get-SwarmTask -Service zoned).PendingReasons[0]
        $reason.Filter | Should -Be 'constraints'
        $reason.Nodes | Should -Be 3
        Set-SwarmNode worker2 -Label @{ zone = 'east' }
        Wait-SwarmService zoned
        (Get-RunningTask zoned).Node | Should -Be 'worker2'
        Remove-SwarmService zoned -Force
    }
    It 'a reservation that no node can meet is pending' {
        $null = New-SwarmService -Name huge -Image alpine -ReserveMemory 900TB
        Wait-Until { @((Get-SwarmTask -Service huge).PendingReasons).Count -eq 1 } 'a pending reason'
        (Get-SwarmTask -Service huge).PendingReasons[0].Filter | Should -Be 'resources'
        Remove-SwarmService huge -Force
    }
    It 'drain empties a node; back to active it gets tasks again' {
        $null = New-SwarmService -Name moving -Image alpine -Command ping, docker.com -Replicas 3 -Wait
        Set-SwarmNode worker2 -Availability Drain -Wait
        @(Get-RunningTask moving).Count | Should -Be 3
        @(Get-RunningTask moving | Where-Object Node -EQ worker2).Count | Should -Be 0
        "$((Get-SwarmNode worker2).Availability)" | Should -Be 'Drain'
        Set-SwarmNode worker2 -Availability Active
        Invoke-SwarmScale moving 6 -Wait
        @(Get-RunningTask moving | Where-Object Node -EQ worker2).Count | Should -BeGreaterThan 0
        Remove-SwarmService moving -Force
    }
}

Describe 'Self-healing' {
    It 'replaces a stopped task in its slot' {
        $null = New-SwarmService -Name slot -Image alpine -Command ping, docker.com -RestartDelay 0s -Wait
        $first = Get-RunningTask slot
        Stop-SwarmTask $first.Id -Confirm:$false
        Wait-Until { @(Get-RunningTask slot | Where-Object Id -NE $first.Id).Count -eq 1 } 'a replacement'
        (Get-RunningTask slot).Name | Should -Be 'slot.1'
        Remove-SwarmService slot -Force
    }
    It 'starts the tasks of a dead worker elsewhere' {
        $null = New-SwarmService -Name heal -Image alpine -Command ping, docker.com -Replicas 3 -Wait
        $worker1 = $sandbox.Nodes | Where-Object Name -EQ worker1
        $lost = Get-SwarmTask | Where-Object { $_.Node -eq 'worker1' -and $_.State -eq 'Running' }
        foreach ($id in @($worker1.ProcessId) + @($lost | ForEach-Object ProcessId)) { [Diagnostics.Process]::GetProcessById($id).Kill() }
        Wait-Until { "$((Get-SwarmNode worker1).State)" -eq 'Down' } 'worker1 Down'
        Wait-Until { @(Get-RunningTask heal | Where-Object Node -NE worker1).Count -eq 3 } 'three tasks on the nodes left'
        Remove-SwarmService heal -Force
    }
}
