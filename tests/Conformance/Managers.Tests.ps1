# Several managers of a real Docker Swarm: roles, the loss of the leader, the loss of quorum, autolock. Needs several hosts with an engine
# each.
BeforeDiscovery {
    $skip = -not $env:SWARM_ACCEPTANCE_LAB -or $env:SWARM_ACCEPTANCE_PLANE -ne 'docker'
    if ($skip) { [Console]::Out.WriteLine('skipped: several managers need a Docker Swarm of several hosts (SWARM_ACCEPTANCE_LAB, SWARM_ACCEPTANCE_PLANE=docker)') }
}
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, '..', 'Acceptance', 'Common.ps1'))
    if ($dockerSwarm) {
        $manager, $worker1, $worker2 = Start-TestSwarm managers
        $WarningPreference = 'SilentlyContinue'
        $second = Connect-Swarm -NoDefault -Socket $worker1.Socket
        # Waits until a manager's answer is as wanted; errors until then come from the change of leaders.
        function Wait-For { param([scriptblock] $Asked, [string] $What) Wait-Until { try { & $Asked } catch { $false } } $What 180 }
    }
}
AfterAll {
    if ($dockerSwarm) {
        foreach ($name in 'manager1', 'worker1', 'worker2') { Invoke-Lab node start $name }
        Disconnect-Swarm $second
        Stop-TestSwarm managers
    }
}

Describe 'Autolock' -Skip:$skip {
    It 'a locked manager serves nothing after its restart, and says what to do' {
        $key = (Set-Swarm -AutoLock).Key
        $key | Should -Match '^SWMKEY-1-'
        (Get-SwarmUnlockKey).Key | Should -Be $key
        Invoke-Lab node stop manager1
        Invoke-Lab node start manager1
        Wait-For { "$((Get-Swarm).State)" -eq 'Locked' } 'a locked engine'
        { Get-SwarmService -ErrorAction Stop } | Should -Throw -ErrorId 'SwarmLocked*' -PassThru | Should -BeLike '*Unlock-Swarm*'
        { Unlock-Swarm -Key "SWMKEY-1-$('A' * 43)" -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidUnlockKey*'
        Unlock-Swarm -Key $key
        Wait-For { @(Get-SwarmNode -ErrorAction Stop | Where-Object State -EQ Ready).Count -eq 3 } 'three nodes again'
    }
    It 'a new key replaces the old one' {
        $old = (Get-SwarmUnlockKey).Key
        $new = (Reset-SwarmUnlockKey -Force).Key
        $new | Should -Not -Be $old
        (Get-SwarmUnlockKey).Key | Should -Be $new
    }
    It 'switched off, there is nothing to unlock' {
        Set-Swarm -AutoLock:$false
        { Unlock-Swarm -Key "SWMKEY-1-$('A' * 43)" -ErrorAction Stop } | Should -Throw -ErrorId 'SwarmNotLocked*'
    }
}

Describe 'Three managers' -Skip:$skip {
    BeforeAll {
        $service = New-SwarmService -Name web -Image "${redis}:3.0.6" -Replicas 3 -Wait
        foreach ($name in 'worker1', 'worker2') {
            Set-SwarmNode $name -Role Manager
            Wait-For { "$((Get-SwarmNode $name -ErrorAction Stop).ManagerStatus)" -eq 'Reachable' } "$name as a manager"
        }
    }
    It 'one leads, the others are reachable, and each of them answers' {
        @(Get-SwarmNode | Where-Object ManagerStatus -EQ Leader).Count | Should -Be 1
        @(Get-SwarmNode | Where-Object ManagerStatus -EQ Reachable).Count | Should -Be 2
        (Get-Swarm).Managers | Should -Be 3
        (Get-SwarmService web -Session $second).Id | Should -Be $service.Id
        (Get-SwarmNode -Session $second | Where-Object IsSelf).Name | Should -Be 'worker1'
    }
    It 'each swarmd counts the revisions that it has seen by itself, and goes back to them' {
        Set-SwarmService web -Env A=1 -Wait
        Wait-For { @(Get-SwarmServiceRevision web -Session $second).Count -gt 0 } 'revisions on the second'
        # This swarmd first saw the service in the test before this one, so it shows it as new.
        @(Get-SwarmServiceRevision web -Session $second | Where-Object IsCurrent).Changes | Should -Match '\bA=1\b'
        Undo-SwarmService web -Session $second -Wait
        @((Get-SwarmService web).Env).Count | Should -Be 0
    }
    It 'a manager is not removed, and does not leave without -Force' {
        { Remove-SwarmNode worker2 -Force -ErrorAction Stop } | Should -Throw -ErrorId 'NodeIsManager*' -PassThru | Should -BeLike '*Set-SwarmNode -Role Worker*'
        { Exit-Swarm -Session $second -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'NodeIsManager*' -PassThru | Should -BeLike '*Exit-Swarm -Force*'
    }
    It 'the loss of the leader passes: another one leads, and the swarm goes on' {
        Invoke-Lab node kill manager1
        Wait-For { @(Get-SwarmNode -Session $second -ErrorAction Stop | Where-Object ManagerStatus -EQ Leader).Name -in 'worker1', 'worker2' } 'another leader'
        Wait-For { Invoke-SwarmScale web 4 -Session $second -ErrorAction Stop; $true } 'a scale'
        Wait-For { "$((Get-SwarmNode manager1 -Session $second -ErrorAction Stop).State)" -eq 'Down' } 'manager1 Down'
        Wait-For { (Get-SwarmService web -Session $second -ErrorAction Stop).Running -eq 4 } 'four tasks that run'
        @(Get-SwarmTask web -Session $second | Where-Object { $_.State -eq 'Running' -and $_.DesiredState -eq 'Running' -and $_.Node -eq 'manager1' }).Count | Should -Be 0
    }
    It 'the engine that is gone is named by the swarmd in front of it' {
        { Get-SwarmNode -ErrorAction Stop } | Should -Throw -ErrorId 'EngineUnavailable*'
        "$((Get-Swarm).State)" | Should -Be 'Error'
    }
    It 'one of the two that are left is not demoted: that would be the end of the quorum' {
        Wait-For { "$((Get-SwarmNode manager1 -Session $second -ErrorAction Stop).ManagerStatus)" -eq 'Unreachable' } 'the loss to be known'
        $follower = Get-SwarmNode -Session $second | Where-Object ManagerStatus -EQ Reachable
        { Set-SwarmNode $follower.Name -Role Worker -Session $second -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'QuorumWouldBeLost*'
        "$((Get-SwarmNode $follower.Name -Session $second).Role)" | Should -Be 'Manager'
    }
    It 'the loss of quorum is an error with a deadline' {
        Invoke-Lab node kill worker2
        Wait-Until { try { Invoke-SwarmScale web 5 -Session $second -ErrorAction Stop; $false } catch { $_.FullyQualifiedErrorId -like 'NoLeader*' } } 'NoLeader'
        # Reading calls fail, too.
        { Get-SwarmNode -Session $second -ErrorAction Stop } | Should -Throw -ErrorId 'NoLeader*'
    }
    It 'and passes when a manager is back' {
        Invoke-Lab node start worker2
        Wait-For { Invoke-SwarmScale web 5 -Session $second -ErrorAction Stop; $true } 'quorum'
        Invoke-Lab node start manager1
        Wait-For { @(Get-SwarmNode -ErrorAction Stop | Where-Object ManagerStatus -In Leader, Reachable).Count -eq 3 } 'three managers'
    }
    It 'two are demoted one after the other, the last one is not' {
        Wait-For { Set-SwarmNode worker2 -Role Worker -Confirm:$false -ErrorAction Stop; $true } 'the first demotion'
        Wait-For { "$((Get-SwarmNode worker2 -ErrorAction Stop).ManagerStatus)" -eq 'None' } 'two managers'
        Wait-For { Set-SwarmNode worker1 -Role Worker -Confirm:$false -ErrorAction Stop; $true } 'the second demotion'
        Wait-For { "$((Get-SwarmNode worker1 -ErrorAction Stop).ManagerStatus)" -eq 'None' } 'one manager'
        { Set-SwarmNode manager1 -Role Worker -Force -ErrorAction Stop } | Should -Throw -ErrorId 'LastManager*'
    }
    It 'one that joins with the token of managers is one at once' {
        $third = Connect-Swarm -NoDefault -Socket $worker2.Socket
        Exit-Swarm -Session $third -Confirm:$false
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Down' } 'worker2 Down'
        Remove-SwarmNode worker2 -Confirm:$false
        "$((Get-SwarmJoinToken Manager | Join-Swarm -Session $third).Role)" | Should -Be 'Manager'
        Wait-For { "$((Get-SwarmNode worker2 -ErrorAction Stop).ManagerStatus)" -eq 'Reachable' } 'worker2 as a manager'
        (Get-SwarmNode -Session $third | Where-Object IsSelf).Name | Should -Be 'worker2'
        Disconnect-Swarm -Session $third
    }
}
