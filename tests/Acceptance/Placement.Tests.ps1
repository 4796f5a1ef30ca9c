# Rows W17, W22–W25 and W27 of the walkthrough: drain, self-healing, global services, constraints, resources, spread.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $manager, $worker1, $worker2 = Start-TestSwarm acceptance-placement
    $WarningPreference = 'SilentlyContinue'
    $image = "${redis}:3.0.7"
    function Remove-Zone { Get-SwarmNode | Where-Object { $_.Labels.ContainsKey('zone') } | Set-SwarmNode -RemoveLabel zone }
    function Get-NodeCount { param([string] $Service, [string] $Node) @(Get-RunningTask $Service | Where-Object Node -EQ $Node).Count }
}
AfterAll { Stop-TestSwarm acceptance-placement }

Describe 'Global' {
    AfterEach { Set-SwarmNode worker2 -Availability Active; Remove-SwarmService everywhere -Force -Wait }
    It 'one task a node, named by the node' {
        $made = New-SwarmService -Name everywhere -Image $image -Mode Global -Wait
        $made | Show-Text | Should -Match 'everywhere +global +3/3 '
        foreach ($node in Get-SwarmNode) {
            $task = Get-RunningTask everywhere | Where-Object Node -EQ $node.Name
            $task.Name | Should -Be "everywhere.$($node.Id)"
            $task.ContainerName | Should -Be "everywhere.$($node.Id).$($task.Id)"
        }
    }
    It 'is not scaled' {
        $null = New-SwarmService -Name everywhere -Image $image -Mode Global -Wait
        { Invoke-SwarmScale everywhere 2 -ErrorAction Stop } | Should -Throw -ErrorId 'NotReplicated*' -ExpectedMessage '*everywhere*'
    }
    It 'goes where its constraints allow, and follows them' {
        $null = New-SwarmService -Name everywhere -Image $image -Mode Global -Constraint node.role==worker -Wait
        (Get-RunningTask everywhere).Node | Should -Be 'worker1', 'worker2'
        (Get-SwarmService everywhere).Replicas | Should -Be 2
        Set-SwarmService everywhere -Constraint node.hostname!=worker1 -Wait
        (Get-RunningTask everywhere).Node | Should -Be 'worker2'
    }
    It 'leaves a drained node and comes back' {
        $null = New-SwarmService -Name everywhere -Image $image -Mode Global -Wait
        Set-SwarmNode worker2 -Availability Drain -Wait
        (Get-RunningTask everywhere).Node | Should -Be 'manager1', 'worker1'
        Set-SwarmNode worker2 -Availability Active
        Wait-Until { (Get-NodeCount everywhere worker2) -eq 1 } 'a task on worker2'
    }
    It 'runs on a node that joins later, too' {
        $session = Connect-Swarm -Socket $worker2.Socket -NoDefault
        try {
            Exit-Swarm -Session $session -Force
            Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Down' } 'worker2 Down'
            Remove-SwarmNode worker2 -Force
            $made = New-SwarmService -Name everywhere -Image $image -Mode Global -Wait
            $made.Replicas | Should -Be 2
            $joined = Get-SwarmJoinToken Worker | Join-Swarm -AdvertiseAddress $worker2.Address -Session $session
            Wait-Until { (Get-NodeCount everywhere worker2) -eq 1 } 'a task on the new node'
            (Get-RunningTask everywhere | Where-Object Node -EQ worker2).Name | Should -Be "everywhere.$($joined.NodeId)"
            (Get-SwarmService everywhere).Replicas | Should -Be 3
        }
        finally { Disconnect-Swarm -Session $session }
    }
}

Describe 'Constraints' {
    AfterEach { Remove-SwarmService placed -Force -Wait; Remove-Zone }
    It 'an engine label is met' {
        $null = New-SwarmService -Name placed -Image $image -Replicas 4 -Constraint 'engine.labels.com.example.storage==ssd' -Wait
        Get-NodeCount placed worker2 | Should -Be 0
        Get-NodeCount placed worker1 | Should -Be 2
        (Get-SwarmService placed).Constraints | Should -Be 'engine.labels.com.example.storage==ssd'
    }
    It '<constraint> gives <expected>' -ForEach @(
        @{ Constraint = 'node.role==manager'; Expected = 'manager1' }, @{ Constraint = 'node.role != worker'; Expected = 'manager1' }
        @{ Constraint = 'node.hostname==worker1'; Expected = 'worker1' }, @{ Constraint = 'node.platform.os==linux'; Expected = 'manager1, worker1, worker2' }
        @{ Constraint = 'engine.labels.com.example.storage!=ssd'; Expected = 'worker2' }, @{ Constraint = 'node.labels.zone!=east'; Expected = 'manager1, worker1, worker2' }
    ) {
        $null = New-SwarmService -Name placed -Image $image -Replicas 6 -Constraint $constraint -Wait
        $on = [Collections.Generic.SortedSet[string]]::new([string[]]@((Get-RunningTask placed).Node))
        $on -join ', ' | Should -Be $expected
    }
    It 'by node id, and several at once' {
        $id = (Get-SwarmNode worker2).Id
        $null = New-SwarmService -Name placed -Image $image -Replicas 2 -Constraint "node.id==$id", node.role==worker -Wait
        Get-NodeCount placed worker2 | Should -Be 2
    }
    It 'a pending task says why, and starts when the reason goes' {
        $null = New-SwarmService -Name placed -Image $image -Constraint 'node.labels.zone==east'
        Wait-Until { @(Get-SwarmTask placed | Where-Object PendingReasons).Count -eq 1 } 'a pending reason'
        $task = Get-SwarmTask placed
        "$($task.State)" | Should -Be 'Pending'
        $task.PendingReasons[0].Filter | Should -Be 'constraints'
        $task.PendingReasons[0].Nodes | Should -Be 3
        $task | Show-Text | Should -Match "no suitable node \($(if (Test-Difference 'pending-words') { 'scheduling constraints not satisfied' } else { 'node\.labels\.zone==east is not met' }) on 3 nodes"
        $why = Test-SwarmPlacement placed
        $why.Node | Should -Be 'manager1', 'worker1', 'worker2'
        $why.Suitable | Should -Be $false, $false, $false
        $why[0].Detail | Should -Be 'node.labels.zone==east is not met'
        { Wait-SwarmService placed -Timeout 300ms -ErrorAction Stop } | Should -Throw -ErrorId 'WaitTimeout*'
        Set-SwarmNode worker2 -Label @{ zone = 'east' }
        Wait-SwarmService placed
        (Get-RunningTask placed).Node | Should -Be 'worker2'
    }
    It 'a label that goes takes the task with it' {
        Set-SwarmNode worker1, worker2 -Label zone=east
        $null = New-SwarmService -Name placed -Image $image -Constraint 'node.labels.zone==east', 'node.hostname==worker1' -Wait
        Set-SwarmService placed -RemoveConstraint 'node.hostname == worker1' -Wait
        $node = (Get-RunningTask placed).Node
        Set-SwarmNode $node -RemoveLabel zone
        Wait-Until { $now = (Get-RunningTask placed).Node; $now -and $now -ne $node } 'the task on the other node'
    }
    It 'asks where a service would go before there is one' {
        $null = New-SwarmService -Name placed -Image $image -Constraint node.hostname==worker1 -Wait
        $answer = Test-SwarmPlacement -Image $image -Constraint node.role==worker
        ($answer | Where-Object Suitable).Node | Should -Be 'worker2', 'worker1'
        $answer | Where-Object Suitable | ForEach-Object Rank | Should -Be 1, 2
        ($answer | Where-Object Suitable -EQ $false).Node | Should -Be 'manager1'
        ($answer | Where-Object Node -EQ worker1).TotalTasks | Should -Be 1
    }
    It 'asks for the rows of a file, and for services that are there' {
        $null = New-SwarmService -Name placed -Image $image -Constraint node.hostname==worker1 -Wait
        $rows = 'Name,Image,Constraint', "a,$image,node.role==worker;node.hostname!=worker1", "b,$image," | ConvertFrom-Csv
        $answer = @($rows | Test-SwarmPlacement; [pscustomobject]@{ Name = 'c'; Image = $image; Constraint = 'node.role==manager' } | Test-SwarmPlacement; Get-SwarmService placed | Test-SwarmPlacement)
        $suitable = $answer | Where-Object Suitable | Group-Object ServiceName | ForEach-Object { "$($_.Name): $(($_.Group.Node | Sort-Object) -join ' ')" }
        $suitable | Should -Be 'a: worker2', 'b: manager1 worker1 worker2', 'c: manager1', 'placed: worker1'
        (Get-SwarmService).Name | Should -Be 'placed'
    }
}

Describe 'Spread and limits' {
    AfterEach { Get-SwarmService 's*' | Remove-SwarmService -Force -Wait; Remove-Zone }
    It 'evenly over the nodes, whatever else runs there' {
        $null = New-SwarmService -Name sother -Image $image -Replicas 2 -Constraint node.hostname==worker1 -Wait
        $null = New-SwarmService -Name spread -Image $image -Replicas 6 -Wait
        foreach ($node in 'manager1', 'worker1', 'worker2') { Get-NodeCount spread $node | Should -Be 2 }
    }
    It 'evenly over the values of a label first' {
        Set-SwarmNode manager1, worker1 -Label zone=a
        Set-SwarmNode worker2 -Label zone=b
        $null = New-SwarmService -Name spread -Image $image -Replicas 4 -PlacementPreference spread=node.labels.zone -Wait
        Get-NodeCount spread worker2 | Should -Be 2
    }
    It 'at most so many on a node; the rest waits and says why' {
        $null = New-SwarmService -Name spread -Image $image -Replicas 4 -MaxReplicasPerNode 1
        Wait-Until { (Get-SwarmService spread).Running -eq 3 -and @(Get-SwarmTask spread | Where-Object PendingReasons).Count -eq 1 } 'three running and one pending'
        $pending = Get-SwarmTask spread | Where-Object State -EQ Pending
        $pending.PendingReasons[0].Filter | Should -Be 'max-replicas'
        $pending.PendingReasons[0].Nodes | Should -Be 3
    }
    It 'a reservation that no node can meet is pending, with the reason' {
        $null = New-SwarmService -Name spread -Image $image -ReserveMemory 900TB
        Wait-Until { @(Get-SwarmTask spread | Where-Object PendingReasons).Count -eq 1 } 'a pending reason'
        (Get-SwarmTask spread).PendingReasons[0].Filter | Should -Be 'resources'
        Set-SwarmService spread -ReserveMemory 8m -Wait
        @(Get-RunningTask spread).Count | Should -Be 1
    }
    It 'reservations fill a node up' {
        $cpus = (Get-SwarmNode worker1).Cpus
        $null = New-SwarmService -Name spread -Image $image -Replicas 2 -Constraint node.hostname==worker1 -ReserveCpu ($cpus * 0.6)
        Wait-Until { (Get-SwarmService spread).Running -eq 1 -and @(Get-SwarmTask spread | Where-Object PendingReasons).Count -gt 0 } 'one running and one pending'
        (Get-SwarmTask spread | Where-Object State -EQ Pending).PendingReasons.Filter | Should -Contain 'resources'
    }
}

Describe 'Drain' {
    AfterAll { Remove-SwarmService moving -Force -Wait }
    It '-WhatIf says what would move where' {
        $null = New-SwarmService -Name moving -Image $image -Replicas 3 -RestartDelay 0s -Wait
        Set-SwarmNode worker2 -Availability Drain -WhatIf -InformationVariable plan
        $steps = @($plan | ForEach-Object MessageData | Where-Object { $_ -is [Swarm.PlannedAction] })
        $steps.Count | Should -BeGreaterThan 0
        "$((Get-SwarmNode worker2).Availability)" | Should -Be 'Active'
    }
    It 'empties the node' {
        $kept = (Get-RunningTask moving | Where-Object Node -NE worker2).Id
        Set-SwarmNode worker2 -Availability Drain -Wait
        @(Get-RunningTask moving).Count | Should -Be 3
        Get-NodeCount moving worker2 | Should -Be 0
        foreach ($id in $kept) { $id | Should -BeIn (Get-RunningTask moving).Id }
        "$((Get-SwarmNode worker2).Availability)" | Should -Be 'Drain'
        Get-SwarmNode worker2 | Show-Text -List | Should -Match '(?m)^Availability +: Drain\s*$'
        Get-SwarmTask | Where-Object Node -EQ worker2 | ForEach-Object { "$($_.DesiredState)" | Should -Be 'Shutdown' }
    }
    It 'a drained node gets nothing' {
        Invoke-SwarmScale moving 6 -Wait
        Get-NodeCount moving worker2 | Should -Be 0
        (Test-SwarmPlacement moving | Where-Object Node -EQ worker2).Filter | Should -Be 'ready'
    }
    It 'back to active it gets tasks again on scale, and keeps off what runs' {
        Set-SwarmNode worker2 -Availability Active
        Get-NodeCount moving worker2 | Should -Be 0
        Invoke-SwarmScale moving 9 -Wait
        Get-NodeCount moving worker2 | Should -Be 3
    }
    It 'and on a rolling update, when another node drains, and when a task fails elsewhere' {
        Invoke-SwarmScale moving 3 -Wait
        Set-SwarmNode worker2 -Availability Drain -Wait
        Set-SwarmNode worker2 -Availability Active
        Set-SwarmService moving -Env ROUND=2 -UpdateMonitor 100ms -Wait
        Get-NodeCount moving worker2 | Should -Be 1
        Set-SwarmNode worker2 -Availability Drain -Wait
        Set-SwarmNode worker2 -Availability Active
        Set-SwarmNode worker1 -Availability Drain -Wait
        Get-NodeCount moving worker1 | Should -Be 0
        Get-NodeCount moving worker2 | Should -BeGreaterThan 0
        Set-SwarmNode worker1 -Availability Active
        Set-SwarmNode worker2 -Availability Drain -Wait
        Set-SwarmNode worker2 -Availability Active
        Get-NodeCount moving worker2 | Should -Be 0
        $failing = @(Get-RunningTask moving | Where-Object Node -EQ manager1)[0]
        Stop-TestTask $failing
        Wait-Until { @(Get-RunningTask moving).Count -eq 3 -and (Get-NodeCount moving worker2) -eq 1 } 'the failed task on worker2'
        (Get-RunningTask moving | Where-Object Node -EQ worker2).Slot | Should -Be $failing.Slot
    }
    It 'a paused node keeps what it has and gets nothing new' {
        Set-SwarmNode worker1 -Availability Pause
        $before = Get-NodeCount moving worker1
        Invoke-SwarmScale moving 6 -Wait
        Get-NodeCount moving worker1 | Should -Be $before
        Set-SwarmNode worker1 -Availability Active
    }
}

Describe 'Self-healing' {
    It 'replaces a stopped task in its slot' {
        $null = New-SwarmService -Name heal -Image $image -RestartDelay 0s -Wait
        $first = Get-RunningTask heal
        if (Test-Difference 'stop-task') {
            { Stop-SwarmTask $first.Id -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'NotSupportedByControlPlane*'
            return
        }
        Stop-SwarmTask $first.Id -WhatIf
        (Get-RunningTask heal).Id | Should -Be $first.Id
        Stop-SwarmTask $first.Id -Confirm:$false
        Wait-Until { @(Get-RunningTask heal | Where-Object Id -NE $first.Id).Count -eq 1 } 'a replacement'
        (Get-RunningTask heal).Name | Should -Be 'heal.1'
    }
    It 'replaces a task that dies' {
        $first = Get-RunningTask heal
        Stop-TestTask $first
        Wait-Until { @(Get-RunningTask heal | Where-Object Id -NE $first.Id).Count -eq 1 } 'a replacement'
        $dead = Get-SwarmTask heal | Where-Object Id -EQ $first.Id
        "$($dead.State)" | Should -Be 'Failed'
        $dead.Error | Should -Be 'task: non-zero exit (137)'
    }
    It 'starts the tasks of a dead worker elsewhere' {
        Invoke-SwarmScale heal 3 -Wait
        $kept = (Get-RunningTask heal | Where-Object Node -NE worker1).Id
        $lost = Get-RunningTask heal | Where-Object Node -EQ worker1
        Stop-TestNode $worker1
        Wait-Until { "$((Get-SwarmNode worker1).State)" -eq 'Down' } 'worker1 Down'
        (Get-SwarmNode worker1).StateMessage | Should -Not -BeNullOrEmpty
        Wait-Until { @(Get-RunningTask heal | Where-Object Node -NE worker1).Count -eq 3 } 'three tasks on the nodes left'
        foreach ($id in $kept) { $id | Should -BeIn (Get-RunningTask heal).Id }
        "$((Get-SwarmTask $lost.Id).DesiredState)" | Should -Be 'Shutdown'
        { Set-SwarmNode worker1 -Availability Drain -Wait -Timeout 60s -ErrorAction Stop } | Should -Not -Throw
        Set-SwarmNode worker1 -Availability Active
    }
    It 'and the second' {
        Stop-TestNode $worker2
        Wait-Until { (Get-NodeCount heal manager1) -eq 3 } 'three tasks on the manager'
        Get-SwarmNode | Show-Text | Should -Match '(?m)^\w{25} +worker2 +Down'
    }
    It 'they come back, are Ready, and get tasks again' {
        Start-TestNode $worker1
        Start-TestNode $worker2
        Wait-Until { @(Get-SwarmNode | Where-Object State -EQ Ready).Count -eq 3 } 'three nodes Ready'
        @(Get-RunningTask heal).Count | Should -Be 3
        Invoke-SwarmScale heal 6 -Wait
        foreach ($node in 'worker1', 'worker2') { Get-NodeCount heal $node | Should -BeGreaterThan 0 }
        Remove-SwarmService heal -Force -Wait
    }
}
