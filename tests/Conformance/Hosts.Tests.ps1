# The effect of failed hosts and networks on a service, as on a Docker Swarm. Needs several hosts: a lab, with either control plane.
BeforeDiscovery {
    $skip = -not $env:SWARM_ACCEPTANCE_LAB
    if ($skip) { [Console]::Out.WriteLine('skipped: failing hosts need hosts of their own (SWARM_ACCEPTANCE_LAB)') }
}
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, '..', 'Acceptance', 'Common.ps1'))
    if ($lab) {
        $manager, $worker1, $worker2 = Start-TestSwarm conformance-hosts
        $WarningPreference = 'SilentlyContinue'
        Set-Swarm -HeartbeatPeriod 1s
        $null = New-SwarmService -Name redis -Image "${redis}:3.0.6" -Replicas 6 -StopSignal KILL -RestartDelay 0s -Wait
        function Get-Container { param([string] $Node) @(Invoke-Docker $Node 'ps', '--quiet', '--filter', 'name=redis.') }
        function Wait-ForSix { param([string] $Without) Wait-Until { @(Get-RunningTask redis | Where-Object Node -NE $Without).Count -eq 6 } 'six tasks' }
        # Restores two tasks on each node.
        function Reset-Spread { Restart-SwarmService redis -Wait }
    }
}
AfterAll {
    if ($lab) {
        Invoke-Lab node heal worker2
        Stop-TestSwarm conformance-hosts
    }
}

Describe 'A host that is cut off' -Skip:$skip {
    BeforeAll {
        $null = New-SwarmService -Name everywhere -Image "${redis}:3.0.6" -Mode Global -StopSignal KILL -RestartDelay 0s -Wait
        $null = New-SwarmService -Name only -Image "${redis}:3.0.6" -Constraint 'node.hostname==worker2' -StopSignal KILL -RestartDelay 0s -Wait
    }
    AfterAll { Remove-SwarmService everywhere, only -Force -Wait }
    It 'is Down; its tasks start elsewhere while the old ones run on there, and are still to be seen' {
        $lost = @(Get-RunningTask redis | Where-Object Node -EQ worker2)
        Invoke-Lab node cut worker2
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Down' } 'worker2 Down'
        Wait-ForSix worker2
        foreach ($task in $lost) { "$((Get-SwarmTask $task.Id).DesiredState) $((Get-SwarmTask $task.Id).State)" | Should -Be 'Shutdown Running' }
        (Get-Container worker2).Count | Should -Be 2
    }
    It 'keeps its task of a global service, which nobody replaces, or is to stop it and start another one when it is back' {
        $expected = if (Test-Difference 'global-on-a-lost-node') { 'Running' } else { 'Shutdown' }
        Wait-Until { "$(@(Get-SwarmTask everywhere | Where-Object { $_.Node -eq 'worker2' -and $_.State -eq 'Running' }).DesiredState)" -eq $expected } "its task, which is to be $expected"
        @(Get-RunningTask everywhere | Where-Object Node -NE worker2).Count | Should -Be 2
    }
    It 'keeps a task that no other host could run, or the service gets one that waits' {
        if (Test-Difference 'kept-on-a-lost-node') {
            $task = Get-SwarmTask only
            "$($task.Node) $($task.DesiredState) $($task.State)" | Should -Be 'worker2 Running Running'
        }
        else { Wait-Until { @(Get-SwarmTask only | Where-Object PendingReasons).Count -eq 1 } 'a task that waits' }
    }
    It 'is Ready when it is back, and what it ran too much is stopped' {
        Invoke-Lab node heal worker2
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Ready' } 'worker2 Ready'
        Wait-Until { (Get-Container worker2).Count -eq 0 } 'no container on worker2'
        @(Get-RunningTask redis).Count | Should -Be 6
        Wait-Until { @(Get-RunningTask everywhere | Where-Object Node -EQ worker2).Count -eq 1 } 'its task of the global service'
    }
}

Describe 'A host that loses power' -Skip:$skip {
    BeforeAll { Reset-Spread }
    It 'is Down, and its tasks start elsewhere' {
        $lost = @(Get-RunningTask redis | Where-Object Node -EQ worker2)
        $lost.Count | Should -Be 2
        Stop-TestNode $worker2
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Down' } 'worker2 Down'
        Wait-ForSix worker2
    }
    It 'is Ready when it is back; what it ran has failed, and stays where it was as history' {
        $lost = @(Get-SwarmTask redis | Where-Object { $_.Node -eq 'worker2' -and $_.State -eq 'Running' })
        Start-TestNode $worker2
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Ready' } 'worker2 Ready'
        foreach ($task in $lost) {
            Wait-Until { "$((Get-SwarmTask $task.Id).State)" -ne 'Running' } 'the end of a task that ran there'
            $ended = Get-SwarmTask $task.Id
            "$($ended.DesiredState) $($ended.State) $($ended.Error)" | Should -Be 'Shutdown Failed task: non-zero exit (255)'
        }
        @(Get-RunningTask redis).Count | Should -Be 6
        (Get-Container worker2).Count | Should -Be 0
    }
}

Describe 'A host whose engine crashes' -Skip:$skip {
    BeforeAll {
        # The node is back before the manager takes it for lost.
        Set-Swarm -HeartbeatPeriod 20s
        Wait-Until { "$((Get-Swarm).HeartbeatPeriod)" -eq '00:00:20' } 'the period'
        Reset-Spread
    }
    AfterAll { Set-Swarm -HeartbeatPeriod 1s }
    It 'loses its containers when the engine is back, and their slots are filled again' {
        $lost = @(Get-RunningTask redis | Where-Object Node -EQ worker2)
        Invoke-Lab node kill worker2
        Invoke-Lab node start worker2
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Ready' -and @(Get-RunningTask redis | Where-Object Id -NotIn $lost.Id).Count -eq 6 } 'six tasks without those'
        foreach ($task in $lost) {
            Wait-Until { "$((Get-SwarmTask $task.Id).State)" -ne 'Running' } 'the end of a task that ran there'
            $ended = Get-SwarmTask $task.Id
            "$($ended.DesiredState) $($ended.State) $($ended.Error)" | Should -Be 'Shutdown Failed task: non-zero exit (137)'
        }
        [uint[]]$slots = (Get-RunningTask redis).Slot
        [Array]::Sort($slots)
        $slots | Should -Be (1..6)
    }
}

Describe 'A manager whose swarmd is away for a while' -Skip:$skip {
    It 'knows the revisions of before; of those that the docker CLI made meanwhile, the two that Docker keeps' {
        # Without tasks, because tasks would show their own spec.
        $null = New-SwarmService -Name revised -Image "${redis}:3.0.6" -Replicas 0 -Wait
        Set-SwarmService revised -Env A=1 -Wait
        Invoke-Lab swarmd kill manager1
        if (Test-Difference 'revisions-seen') {
            foreach ($value in 2, 3, 4) { $null = Invoke-Docker manager1 'service', 'update', '--detach', '--env-add', "A=$value", 'revised' }
        }
        Invoke-Lab swarmd start manager1
        Wait-Until { try { $null = Get-SwarmService revised -ErrorAction Stop; $true } catch { $false } } 'the manager'
        $known = @(Get-SwarmServiceRevision revised)
        $known.Count | Should -Be $(if (Test-Difference 'revisions-seen') { 4 } else { 2 })
        $known[1].Changes | Should -Match '\bA=1\b'
        if (Test-Difference 'revisions-seen') {
            $known[2].Changes | Should -Match 'A=1.*A=3'
            $known[3].Changes | Should -Match 'A=3.*A=4'
        }
        @($known | Where-Object IsCurrent).Number | Should -Be $known[-1].Number
        # Undo accepts any of the revisions.
        Undo-SwarmService revised -ToRevision $known[0].Number -Wait
        @((Get-SwarmService revised).Env).Count | Should -Be 0
        Remove-SwarmService revised -Force -Wait
    }
}

Describe 'A host that is drained' -Skip:$skip {
    It 'is empty; back to active, it gets its part on the next forced update' {
        Set-SwarmNode worker2 -Availability Drain -Wait
        (Get-Container worker2).Count | Should -Be 0
        Set-SwarmNode worker2 -Availability Active
        @(Get-RunningTask redis | Where-Object Node -EQ worker2).Count | Should -Be 0
        Restart-SwarmService redis -Wait
        @(Get-RunningTask redis | Where-Object Node -EQ worker2).Count | Should -Be 2
    }
}
