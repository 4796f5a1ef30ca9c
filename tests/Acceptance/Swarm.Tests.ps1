# Rows W05–W08, W19 of the walkthrough: init, cluster info, nodes, join, tokens, roles.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $manager, $worker1, $worker2 = Start-SwarmSandbox acceptance-swarm -Workers 2 -Executor Process -NoSwarm
    $null = Connect-Swarm -Socket $manager.Socket
}
AfterAll { Stop-SwarmSandbox acceptance-swarm }

Describe 'Before there is a swarm' {
    It 'asking for services says what to do' {
        { Get-SwarmService -ErrorAction Stop } | Should -Throw -ErrorId 'NotInSwarm*'
    }
    It 'a token of another form is refused' {
        { Join-Swarm -Token 'SWMTKN-2-x' -RemoteAddress $manager.Address -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidJoinToken*'
    }
    It 'an unreachable manager is named' {
        { Join-Swarm -Token ('SWMTKN-1-' + '0' * 50 + '-' + '0' * 25) -RemoteAddress '127.0.0.1:9' -ErrorAction Stop } |
            Should -Throw -ExpectedMessage '*127.0.0.1:9*' -ErrorId 'ManagerUnreachable*'
    }
}

Describe 'Init' {
    BeforeAll { $swarm = Initialize-Swarm -AdvertiseAddress $manager.Address }
    It 'answers ids, tokens and join commands' {
        $swarm.NodeId | Should -Match '^[0-9a-z]{25}$'
        $swarm.ClusterId | Should -Match '^[0-9a-z]{25}$'
        $swarm.WorkerToken | Should -Match '^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$'
        $swarm.ManagerToken | Should -Not -Be $swarm.WorkerToken
        $swarm.WorkerJoinCommand | Should -BeLike "Join-Swarm -Token $($swarm.WorkerToken) *"
    }
    It 'a second init is refused' { { Initialize-Swarm -ErrorAction Stop } | Should -Throw -ErrorId 'AlreadyInSwarm*' }
    It 'shows the cluster with Docker''s defaults' {
        $cluster = Get-Swarm
        $cluster.Id | Should -Be $swarm.ClusterId
        $cluster.IsManager | Should -BeTrue
        $cluster.TaskHistoryLimit | Should -Be 5
        $cluster.SnapshotInterval | Should -Be 10000
        $cluster.Managers | Should -Be 1
    }
    It 'shows the manager as leader' {
        $node = Get-SwarmNode manager1
        "$($node.ManagerStatus)" | Should -Be 'Leader'
        $node.IsSelf | Should -BeTrue
    }
    It 'the last manager is not demoted' { { Set-SwarmNode manager1 -Role Worker -Force -ErrorAction Stop } | Should -Throw -ErrorId 'LastManager*' }
    It 'the last manager does not leave without -Force' { { Exit-Swarm -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'LastManager*' }
}

Describe 'Join' {
    BeforeAll {
        $token = (Get-SwarmJoinToken -Role Worker).Token
        $session1 = Connect-Swarm -Socket $worker1.Socket -NoDefault
        $session2 = Connect-Swarm -Socket $worker2.Socket -NoDefault
    }
    AfterAll { Disconnect-Swarm -Session $session1, $session2 }
    It 'a wrong CA digest is refused' {
        $wrong = 'SWMTKN-1-' + '1' * 50 + '-' + $token.Substring($token.Length - 25)
        { Join-Swarm -Token $wrong -RemoteAddress $manager.Address -Session $session1 -ErrorAction Stop } |
            Should -Throw -ErrorId 'CaDigestMismatch*' -ExpectedMessage '*fingerprint*'
    }
    It 'a wrong secret is refused' {
        $wrong = $token.Substring(0, $token.Length - 25) + '0' * 25
        { Join-Swarm -Token $wrong -RemoteAddress $manager.Address -Session $session1 -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidJoinToken*'
    }
    It 'a worker joins and becomes Ready' {
        $joined = Join-Swarm -Token $token -RemoteAddress $manager.Address -AdvertiseAddress $worker1.Address -Session $session1
        "$($joined.Role)" | Should -Be 'Worker'
        Wait-Until { "$((Get-SwarmNode worker1).State)" -eq 'Ready' } 'worker1 Ready'
    }
    It 'joining twice is refused' {
        { Join-Swarm -Token $token -RemoteAddress $manager.Address -Session $session1 -ErrorAction Stop } | Should -Throw -ErrorId 'AlreadyInSwarm*'
    }
    It 'a worker is not asked for manager data' { { Get-SwarmNode -Session $session1 -ErrorAction Stop } | Should -Throw -ErrorId 'NotAManager*' }
    It 'a rotated token is refused, the new one works' {
        $new = (Reset-SwarmJoinToken -Role Worker -Force -PassThru).Token
        $new | Should -Not -Be $token
        { Join-Swarm -Token $token -RemoteAddress $manager.Address -Session $session2 -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidJoinToken*'
        $null = Join-Swarm -Token $new -RemoteAddress $manager.Address -AdvertiseAddress $worker2.Address -Session $session2
        Wait-Until { @(Get-SwarmNode | Where-Object State -eq 'Ready').Count -eq 3 } 'three nodes Ready'
    }
    It 'a worker that leaves is Down, and can be removed' {
        Exit-Swarm -Session $session2 -Force
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Down' } 'worker2 Down'
        Remove-SwarmNode worker2 -Force
        @(Get-SwarmNode).Count | Should -Be 2
    }
}
