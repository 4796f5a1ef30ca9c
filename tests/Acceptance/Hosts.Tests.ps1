# Behaviour that only several hosts show (SWARM_ACCEPTANCE_LAB, with either control plane), each with its own engine and network. Rows W08,
# W13, W17, W22.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $manager, $worker1, $worker2 = Start-TestSwarm acceptance-hosts
    $image = "${redis}:3.0.7"
    function Get-Container {
        param([string] $Node)
        Invoke-Docker $Node 'ps', '--no-trunc', '--quiet', '--filter', 'label=com.docker.swarm.task.id'
    }
}
AfterAll { Stop-TestSwarm acceptance-hosts }

Describe 'Hosts' {
    BeforeAll { $null = New-SwarmService -Name spread -Image $image -Replicas 6 -RestartDelay 0s -Wait }
    It 'are known by their addresses' {
        # Not (Get-SwarmNode).Address: that would be the array's own method.
        @(Get-SwarmNode | ForEach-Object Address) | Should -Be "${labNetwork}.11", "${labNetwork}.21", "${labNetwork}.22"
        @(Get-SwarmNode | ForEach-Object { $_.EngineLabels['lab.node'] }) | Should -Be 'manager1', 'worker1', 'worker2'
    }
    It 'each runs its own tasks, and no other' {
        foreach ($node in 'manager1', 'worker1', 'worker2') {
            $tasks = [Collections.Generic.SortedSet[string]]::new([string[]]@((Get-RunningTask spread | Where-Object Node -EQ $node).ContainerId))
            $tasks.Count | Should -Be 2
            $tasks.SetEquals([string[]]@(Get-Container $node)) | Should -BeTrue
        }
    }
    It 'a daemon that is killed and comes back keeps its tasks' {
        $before = Get-Container worker1
        Invoke-Lab swarmd kill worker1
        Get-Container worker1 | Should -Be $before
        Invoke-Lab swarmd start worker1
        Wait-Until { "$((Get-SwarmNode worker1).State)" -eq 'Ready' } 'worker1 Ready'
        Wait-Until { @(Get-RunningTask spread).Count -eq 6 } 'six tasks'
    }
    It 'a host that is cut off is Down, and its tasks start elsewhere' {
        $kept = Get-Container worker2
        Invoke-Lab node cut worker2
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Down' } 'worker2 Down'
        (Get-SwarmNode worker2).StateMessage | Should -Be 'heartbeat failure'
        Wait-Until { @(Get-RunningTask spread | Where-Object Node -NE worker2).Count -eq 6 } 'six tasks on the others'
        # A node out of reach goes on with its tasks.
        Get-Container worker2 | Should -Be $kept
    }
    It 'when it is back it is told to stop what runs elsewhere by now' {
        Invoke-Lab node heal worker2
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Ready' } 'worker2 Ready'
        Wait-Until { -not (Get-Container worker2) } 'no container on worker2'
        @(Get-RunningTask spread).Count | Should -Be 6
        Invoke-SwarmScale spread 9 -Wait
        @(Get-Container worker2).Count | Should -Be 3
    }
    It 'an engine that crashes takes its tasks; with it back they start again' {
        Invoke-Lab node kill worker2
        Invoke-Lab node start worker2
        # Until the node has reported, the manager shows its last known state.
        Wait-Until {
            $there = @(Get-Container worker2)
            (Get-SwarmService spread).Running -eq 9 -and @(Get-RunningTask spread).Count -eq 9 -and
            @(Get-RunningTask spread | Where-Object { $_.Node -eq 'worker2' -and $_.ContainerId -notin $there }).Count -eq 0
        } 'nine tasks, those of worker2 with their containers'
    }
    It 'a join from a host that cannot reach the manager says so' {
        Invoke-Lab swarmd remove worker2
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Down' } 'worker2 Down'
        Remove-SwarmNode worker2 -Force
        Invoke-Lab swarmd start worker2
        $session = Connect-Swarm -Socket $worker2.Socket -NoDefault
        Invoke-Lab node cut worker2
        { Get-SwarmJoinToken Worker | Join-Swarm -Session $session -ErrorAction Stop } | Should -Throw -ErrorId 'ManagerUnreachable*' -ExpectedMessage "*$($manager.Address)*"
        # An engine goes on trying by itself, after longer and longer pauses, so the test makes it give up.
        if (Test-Difference 'join-goes-on') { Exit-Swarm -Session $session -Force }
        Invoke-Lab node heal worker2
        $null = Get-SwarmJoinToken Worker | Join-Swarm -Session $session
        Wait-Until { @(Get-SwarmNode | Where-Object State -EQ Ready).Count -eq 3 } 'three nodes Ready'
        Disconnect-Swarm -Session $session
    }
    It 'nothing is left on the hosts after the service is gone' {
        Remove-SwarmService spread -Force -Wait
        foreach ($node in 'manager1', 'worker1', 'worker2') { Wait-Until { -not (Invoke-Docker $node 'ps', '--all', '--quiet', '--filter', 'label=com.docker.swarm.task.id') } "no container on $node" }
    }
}
