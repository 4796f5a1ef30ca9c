# Several managers of a real Docker Swarm: roles, the loss of the leader, the loss of quorum. Only where there are several hosts with an engine each.
BeforeDiscovery {
    $skip = $env:SWARM_CONFORMANCE -ne 'docker-swarm'
    if ($skip) { [Console]::Out.WriteLine('skipped: several managers need hosts of their own (SWARM_CONFORMANCE=docker-swarm)') }
}
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    if ($plane -eq 'docker-swarm') {
        Start-ConformanceSwarm managers
        $node = [IO.Path]::Combine($PSScriptRoot, '..', 'lab', 'bin', 'node')
        $env:LAB = $lab
        $second = Connect-Swarm -NoDefault -Socket ([IO.Path]::Combine($lab, 'nodes', 'worker1', 'docker', 'swarmd.sock'))
    }
}
AfterAll {
    if ($plane -eq 'docker-swarm') {
        foreach ($name in 'manager1', 'worker1', 'worker2') { $null = & $node start $name }
        Wait-Until { try { @(Get-SwarmNode -ErrorAction Stop).Count -ge 3 } catch { $false } } 'the swarm to be back' 120
        foreach ($name in 'worker1', 'worker2') { Set-SwarmNode $name -Role Worker -Confirm:$false }
        Wait-Until { @(Get-SwarmNode | Where-Object { "$($_.ManagerStatus)" -ne 'None' }).Count -eq 1 } 'one manager' 120
        Disconnect-Swarm $second
        Stop-ConformanceSwarm managers
    }
}

Describe 'Three managers' -Skip:$skip {
    BeforeAll {
        $service = New-SwarmService -Name web -Image redis:3.0.6 -Replicas 3 -WarningAction SilentlyContinue -Wait
        foreach ($name in 'worker1', 'worker2') {
            Set-SwarmNode $name -Role Manager
            Wait-Until { "$((Get-SwarmNode $name).ManagerStatus)" -eq 'Reachable' } "$name as a manager" 180
        }
    }
    It 'one leads, the others are reachable, and each of them answers' {
        @(Get-SwarmNode | Where-Object { "$($_.ManagerStatus)" -eq 'Leader' }).Count | Should -Be 1
        @(Get-SwarmNode | Where-Object { "$($_.ManagerStatus)" -eq 'Reachable' }).Count | Should -Be 2
        (Get-Swarm).Managers | Should -Be 3
        (Get-SwarmService web -Session $second).Id | Should -Be $service.Id
        (Get-SwarmNode -Session $second | Where-Object IsSelf).Name | Should -Be 'worker1'
    }
    It 'the loss of the leader passes: another one leads, and the swarm goes on' {
        $null = & $node kill manager1
        Wait-Until { try { @(Get-SwarmNode -Session $second -ErrorAction Stop | Where-Object { "$($_.ManagerStatus)" -eq 'Leader' }).Name -ne 'manager1' } catch { $false } } 'another leader' 120
        Invoke-SwarmScale web 4 -Session $second
        (Get-SwarmService web -Session $second).Replicas | Should -Be 4
    }
    It 'the engine that is gone is named by the swarmd in front of it' {
        { Get-SwarmNode -ErrorAction Stop } | Should -Throw -ErrorId 'EngineUnavailable*'
        "$((Get-Swarm).State)" | Should -Be 'Error'
    }
    It 'the loss of quorum is an error with a deadline' {
        $null = & $node kill worker2
        Wait-Until { try { Invoke-SwarmScale web 5 -Session $second -ErrorAction Stop; $false } catch { $_.FullyQualifiedErrorId -like 'NoLeader*' } } 'NoLeader' 90
    }
    It 'and passes when a manager is back' {
        $null = & $node start worker2
        Wait-Until { try { Invoke-SwarmScale web 5 -Session $second -ErrorAction Stop; $true } catch { $false } } 'quorum' 120
        $null = & $node start manager1
        Wait-Until { try { @(Get-SwarmNode -ErrorAction Stop).Count -eq 3 } catch { $false } } 'manager1' 120
    }
}
