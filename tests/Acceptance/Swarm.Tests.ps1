# Rows W05–W08, W18 and W19 of the walkthrough: init, cluster info, nodes, join, tokens, and roles within the limits of a single manager.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $manager, $worker1, $worker2 = Start-TestSwarm acceptance-swarm -NoSwarm
}
AfterAll { Stop-TestSwarm acceptance-swarm }

Describe 'Before there is a swarm' {
    It 'the cluster is inactive' {
        "$((Get-Swarm).State)" | Should -Be 'Inactive'
        (Get-Swarm).IsManager | Should -BeFalse
    }
    It 'asking for services says what to do' {
        { Get-SwarmService -ErrorAction Stop } | Should -Throw -ErrorId 'NotInSwarm*' -PassThru | Should -BeLike '*Initialize-Swarm*Join-Swarm*'
    }
    It 'a token of another form is refused' {
        { Join-Swarm -Token 'SWMTKN-2-x' -RemoteAddress $manager.Address -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidJoinToken*'
    }
    It 'an unreachable manager is named' {
        { Join-Swarm -Token ('SWMTKN-1-' + '0' * 50 + '-' + '0' * 25) -RemoteAddress '127.0.0.1:9' -ErrorAction Stop } |
            Should -Throw -ExpectedMessage '*127.0.0.1:9*' -ErrorId 'ManagerUnreachable*'
    }
    It 'an interface that this machine has not is refused' {
        { Initialize-Swarm -AdvertiseAddress nosuch0 -ErrorAction Stop } | Should -Throw -ExpectedMessage '*nosuch0*'
        "$((Get-Swarm).State)" | Should -Be 'Inactive'
    }
    It '-WhatIf makes none' {
        Initialize-Swarm -AdvertiseAddress $manager.Address -WhatIf | Should -BeNullOrEmpty
        "$((Get-Swarm).State)" | Should -Be 'Inactive'
    }
}

Describe 'Init' {
    BeforeAll { $swarm = Initialize-Swarm -AdvertiseAddress $manager.Address }
    It 'answers ids, tokens and join commands' {
        $swarm.NodeId | Should -Match '^[0-9a-z]{25}$'
        $swarm.ClusterId | Should -Match '^[0-9a-z]{25}$'
        $swarm.WorkerToken | Should -Match '^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$'
        $swarm.ManagerToken | Should -Match '^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$'
        $swarm.ManagerToken | Should -Not -Be $swarm.WorkerToken
        $swarm.ManagerAddress | Should -Be $manager.Address
        $swarm.WorkerJoinCommand | Should -Be "Join-Swarm -Token $($swarm.WorkerToken) -RemoteAddress $($manager.Address)"
        $swarm.ManagerJoinCommand | Should -Be "Join-Swarm -Token $($swarm.ManagerToken) -RemoteAddress $($manager.Address)"
        $swarm.UnlockKey | Should -BeNullOrEmpty
    }
    It 'shows a join command that can be pasted: two lines, the first of which goes on' {
        $text = $swarm | Show-Text -List
        $text | Should -Match "Join-Swarm -RemoteAddress $([regex]::Escape($manager.Address)) ``\r?\n +-Token $($swarm.WorkerToken)\r?\n"
        $text | Should -Not -Match 'Unlock'
    }
    It 'a second init is refused' { { Initialize-Swarm -ErrorAction Stop } | Should -Throw -ErrorId 'AlreadyInSwarm*' }
    It 'shows the cluster with Docker''s defaults' {
        $cluster = Get-Swarm
        $cluster.Id | Should -Be $swarm.ClusterId
        $cluster.NodeId | Should -Be $swarm.NodeId
        "$($cluster.State)" | Should -Be 'Active'
        $cluster.IsManager | Should -BeTrue
        $cluster.Managers | Should -Be 1
        $cluster.Nodes | Should -Be 1
        $cluster.TaskHistoryLimit | Should -Be 5
        $cluster.SnapshotInterval | Should -Be 10000
        $cluster.CertificateExpiry | Should -Be ([TimeSpan]::FromHours(2160))
        $cluster.HeartbeatTick | Should -BeGreaterThan 0
        $cluster.ElectionTick | Should -BeGreaterThan $cluster.HeartbeatTick
        $cluster.NodeAddress | Should -Be $manager.Address.Split(':')[0]
        $cluster.ManagerAddresses | Should -Be $manager.Address
    }
    It 'reads like docker info' {
        $text = Get-Swarm | Show-Text -List
        $lines = 'Swarm +: Active', "NodeID +: $($swarm.NodeId)", 'Is manager +: True', "ClusterID +: $($swarm.ClusterId)", 'Managers +: 1', 'Nodes +: 1',
            'Task history retention limit +: 5', 'Raft snapshot interval +: 10000', 'Raft heartbeat tick +: \d+', 'Raft election tick +: \d+',
            "Dispatcher heartbeat period +: $(if (Test-Difference 'heartbeat') { '5s' } else { '1s' })", 'CA expiry duration +: 3 months', 'Node address +: [0-9.]+'
        foreach ($line in $lines) { $text | Should -Match "(?m)^$line\s*$" }
    }
    It 'shows the manager as leader, with a star' {
        $node = Get-SwarmNode manager1
        "$($node.ManagerStatus)" | Should -Be 'Leader'
        $node.IsSelf | Should -BeTrue
        Get-SwarmNode | Show-Text | Should -Match "(?m)^$($swarm.NodeId) \* +manager1 +Ready +Active +Leader "
    }
    It 'the last manager is not demoted' { { Set-SwarmNode manager1 -Role Worker -Force -ErrorAction Stop } | Should -Throw -ErrorId 'LastManager*' }
    It 'the last manager does not leave without -Force' { { Exit-Swarm -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'LastManager*' }
    It 'and is not removed' { { Remove-SwarmNode manager1 -Force -ErrorAction Stop } | Should -Throw }
}

Describe 'Settings' {
    It 'change, and -PassThru answers them' {
        Set-Swarm -TaskHistoryLimit 3 -SnapshotInterval 5000 | Should -BeNullOrEmpty
        $changed = Set-Swarm -HeartbeatPeriod 1500ms -CertificateExpiry 1440h -PassThru
        $changed.TaskHistoryLimit | Should -Be 3
        $changed.SnapshotInterval | Should -Be 5000
        $changed.HeartbeatPeriod | Should -Be ([TimeSpan]::FromMilliseconds(1500))
        (Get-Swarm).CertificateExpiry | Should -Be ([TimeSpan]::FromDays(60))
    }
    It '-WhatIf does not' {
        Set-Swarm -TaskHistoryLimit 9 -WhatIf
        (Get-Swarm).TaskHistoryLimit | Should -Be 3
    }
    It 'nothing to change is an error' { { Set-Swarm -ErrorAction Stop } | Should -Throw -ErrorId 'NothingToChange*' -PassThru | Should -BeLike '*-TaskHistoryLimit*' }
    It 'what cannot be is an error' {
        { Set-Swarm -TaskHistoryLimit -2 -ErrorAction Stop } | Should -Throw
        { Set-Swarm -HeartbeatPeriod often -ErrorAction Stop } | Should -Throw -ExpectedMessage '*not a duration*'
        (Get-Swarm).TaskHistoryLimit | Should -Be 3
    }
    It 'autolock shows its key, a new key too, and without autolock there is none' {
        { Get-SwarmUnlockKey -ErrorAction Stop } | Should -Throw -ErrorId 'AutolockNotEnabled*' -PassThru | Should -BeLike '*Set-Swarm -AutoLock*'
        $key = (Set-Swarm -AutoLock).Key
        $key | Should -Match '^SWMKEY-1-'
        (Get-SwarmUnlockKey).Key | Should -Be $key
        $new = (Reset-SwarmUnlockKey -Force).Key
        $new | Should -Match '^SWMKEY-1-'
        $new | Should -Not -Be $key
        (Get-SwarmUnlockKey).Key | Should -Be $new
        Set-Swarm -AutoLock:$false | Should -BeNullOrEmpty
        { Get-SwarmUnlockKey -ErrorAction Stop } | Should -Throw -ErrorId 'AutolockNotEnabled*'
    }
    It 'go back' { (Set-Swarm -TaskHistoryLimit 5 -SnapshotInterval 10000 -HeartbeatPeriod 1s -CertificateExpiry 2160h -PassThru).TaskHistoryLimit | Should -Be 5 }
}

Describe 'Join' {
    BeforeAll {
        $token = (Get-SwarmJoinToken -Role Worker).Token
        $session1 = Connect-Swarm -Socket $worker1.Socket -NoDefault
        $session2 = Connect-Swarm -Socket $worker2.Socket -NoDefault
    }
    AfterAll { Disconnect-Swarm -Session $session1, $session2 }
    It 'the tokens are shown again at any time' {
        $tokens = Get-SwarmJoinToken
        $tokens.Role | Should -Be 'Worker', 'Manager'
        $tokens[0].Token | Should -Be $token
        (Get-SwarmJoinToken Manager).Token | Should -Be $tokens[1].Token
        (Get-SwarmJoinToken Manager).JoinCommand | Should -Be "Join-Swarm -Token $($tokens[1].Token) -RemoteAddress $($manager.Address)"
    }
    It 'a wrong CA digest is refused' {
        $wrong = 'SWMTKN-1-' + '1' * 50 + '-' + $token.Substring($token.Length - 25)
        { Join-Swarm -Token $wrong -RemoteAddress $manager.Address -Session $session1 -ErrorAction Stop } |
            Should -Throw -ErrorId 'CaDigestMismatch*' -ExpectedMessage '*fingerprint*'
    }
    It 'a wrong secret is refused' {
        $wrong = $token.Substring(0, $token.Length - 25) + '0' * 25
        { Join-Swarm -Token $wrong -RemoteAddress $manager.Address -Session $session1 -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidJoinToken*'
    }
    It '-WhatIf does not join' {
        Join-Swarm -Token $token -RemoteAddress $manager.Address -Session $session1 -WhatIf
        "$((Get-Swarm -Session $session1).State)" | Should -Be 'Inactive'
    }
    It 'a worker joins with the token object and becomes Ready' {
        $joined = Get-SwarmJoinToken Worker | Join-Swarm -AdvertiseAddress $worker1.Address -Session $session1
        "$($joined.Role)" | Should -Be 'Worker'
        $joined.ClusterId | Should -Be $(if (Test-Difference 'cluster-id-of-a-worker') { '' } else { (Get-Swarm).Id })
        Wait-Until { "$((Get-SwarmNode worker1).State)" -eq 'Ready' } 'worker1 Ready'
        (Get-SwarmNode worker1).Id | Should -Be $joined.NodeId
        Get-SwarmNode | Show-Text | Should -Match "(?m)^$($joined.NodeId) +worker1 +Ready +Active +[0-9]"
    }
    It 'joining twice is refused' {
        { Join-Swarm -Token $token -RemoteAddress $manager.Address -Session $session1 -ErrorAction Stop } | Should -Throw -ErrorId 'AlreadyInSwarm*'
    }
    It 'the worker says what it is' {
        $cluster = Get-Swarm -Session $session1
        "$($cluster.State)" | Should -Be 'Active'
        $cluster.IsManager | Should -BeFalse
        $cluster.ManagerAddresses | Should -Be $manager.Address
    }
    It 'a worker is not asked for manager data' {
        { Get-SwarmNode -Session $session1 -ErrorAction Stop } | Should -Throw -ErrorId 'NotAManager*' -PassThru | Should -BeLike "*$(if (Test-Difference 'remote-port') { 'HOST:2378' } else { $manager.Address })*"
    }
    It 'a rotated token is refused, the new one works' {
        $managerToken = (Get-SwarmJoinToken Manager).Token
        $new = (Reset-SwarmJoinToken -Role Worker -Force).Token
        $new | Should -Not -Be $token
        (Get-SwarmJoinToken Manager).Token | Should -Be $managerToken
        { Join-Swarm -Token $token -RemoteAddress $manager.Address -Session $session2 -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidJoinToken*'
        $null = Join-Swarm -Token $new -RemoteAddress $manager.Address -AdvertiseAddress $worker2.Address -Session $session2
        Wait-Until { @(Get-SwarmNode | Where-Object State -EQ Ready).Count -eq 3 } 'three nodes Ready'
    }
    It '-WhatIf rotates nothing' {
        $before = (Get-SwarmJoinToken Worker).Token
        Reset-SwarmJoinToken -Role Worker -WhatIf
        (Get-SwarmJoinToken Worker).Token | Should -Be $before
    }
}

Describe 'Nodes' {
    It 'are found by name, wildcard, id and the beginning of it' {
        $node = Get-SwarmNode worker2
        (Get-SwarmNode 'work*').Name | Should -Be 'worker1', 'worker2'
        (Get-SwarmNode $node.Id).Name | Should -Be 'worker2'
        (Get-SwarmNode $node.Id.Substring(0, 10)).Name | Should -Be 'worker2'
        ('worker1', 'manager1' | Get-SwarmNode).Name | Should -Be 'worker1', 'manager1'
        ($node | Get-SwarmNode).Id | Should -Be $node.Id
        ([pscustomobject]@{ Name = 'worker1' } | Get-SwarmNode).Name | Should -Be 'worker1'
    }
    It 'a missing one is an error each, a wildcard without match silence' {
        $found = Get-SwarmNode nobody, worker1, noone -ErrorAction SilentlyContinue -ErrorVariable missing
        $found.Name | Should -Be 'worker1'
        $missing.Count | Should -Be 2
        $missing[0].FullyQualifiedErrorId | Should -BeLike 'NodeNotFound,*'
        "$($missing[0].CategoryInfo.Category)" | Should -Be 'ObjectNotFound'
        $missing.TargetObject | Should -Be 'nobody', 'noone'
        Get-SwarmNode 'no*' -ErrorAction Stop | Should -BeNullOrEmpty
    }
    It 'say what docker node inspect says' {
        $node = Get-SwarmNode worker1
        $node.Hostname | Should -Be 'worker1'
        $node.JoinedAt | Should -BeOfType [DateTime]
        $node.Cpus | Should -BeGreaterThan 0
        $node.Memory | Should -BeGreaterThan 1MB
        $node.OperatingSystem | Should -Be 'linux'
        $node.Architecture | Should -Not -BeNullOrEmpty
        $node.EngineVersion | Should -Match '^\d+\.\d+'
        $node.EngineLabels['com.example.storage'] | Should -Be 'ssd'
        $node.Executor | Should -Be $executor
        if ($executor -eq 'Docker') { $node.Plugins | Should -Contain 'Network/bridge' }
        $text = $node | Show-Text -List
        $lines = "ID +: $($node.Id)", 'Hostname +: worker1', 'Joined at +: \S.*', 'State +: Ready', 'Availability +: Active', 'Operating system +: linux',
            'Architecture +: \w+', 'CPUs +: [0-9.]+', 'Memory +: [0-9.]+ .iB', 'Engine version +: [0-9].*', 'Engine labels +: .*com.example.storage=ssd.*'
        foreach ($line in $lines) { $text | Should -Match "(?m)^$line$" }
    }
    It 'take labels and lose them' {
        Set-SwarmNode worker1 -Label @{ zone = 'a'; rack = '7' } | Should -BeNullOrEmpty
        (Get-SwarmNode worker1).Labels['zone'] | Should -Be 'a'
        (Set-SwarmNode worker1 -Label rack=8 -RemoveLabel zone -PassThru).Labels.Keys | Should -Be 'rack'
        (Get-SwarmNode worker1).Labels['rack'] | Should -Be '8'
        Set-SwarmNode worker1 -RemoveLabel rack
        (Get-SwarmNode worker1).Labels.Count | Should -Be 0
    }
    It 'through the pipeline, and -WhatIf changes nothing' {
        Get-SwarmNode worker* | Set-SwarmNode -Availability Pause -WhatIf
        (Get-SwarmNode | Where-Object Availability -EQ Active).Count | Should -Be 3
        Get-SwarmNode worker* | Set-SwarmNode -Availability Pause
        (Get-SwarmNode | Where-Object Availability -EQ Pause).Name | Should -Be 'worker1', 'worker2'
        Set-SwarmNode worker1, worker2 -Availability Active
    }
}

Describe 'A remote session' {
    It 'needs a certificate, and then serves like the socket' {
        $folder = [IO.Directory]::CreateTempSubdirectory('swarm-acceptance-').FullName
        try {
            $credential = New-SwarmCredential admin ([IO.Path]::Combine($folder, 'admin.pfx'))
            $address = if (Test-Difference 'remote-port') { $manager.Address -replace ':2377$', ':2378' } else { $manager.Address }
            $session = Connect-Swarm -ManagerAddress $address -CertificatePath $credential.CertificatePath -NoDefault
            (Get-SwarmNode -Session $session).Name | Should -Be 'manager1', 'worker1', 'worker2'
            Disconnect-Swarm -Session $session
            { Get-SwarmNode -Session $session -ErrorAction Stop } | Should -Throw -ErrorId 'SessionClosed*'
        }
        finally { [IO.Directory]::Delete($folder, $true) }
    }
}

Describe 'Leave' {
    BeforeAll { $session = Connect-Swarm -Socket $worker2.Socket -NoDefault }
    AfterAll { Disconnect-Swarm -Session $session }
    It 'a node that is up is not removed' { { Remove-SwarmNode worker2 -Confirm:$false -ErrorAction Stop } | Should -Throw -ExpectedMessage '*worker2*' }
    It 'a worker that leaves is Down, and can be removed' {
        Exit-Swarm -Session $session -Force
        "$((Get-Swarm -Session $session).State)" | Should -Be 'Inactive'
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Down' } 'worker2 Down'
        Remove-SwarmNode worker2 -Force
        (Get-SwarmNode).Name | Should -Be 'manager1', 'worker1'
    }
    It 'and can join again, as a new node' {
        $null = Get-SwarmJoinToken Worker | Join-Swarm -AdvertiseAddress $worker2.Address -Session $session
        Wait-Until { "$((Get-SwarmNode worker2).State)" -eq 'Ready' } 'worker2 Ready'
    }
    It 'the last manager takes the swarm with it, when told so' {
        Exit-Swarm -Force
        "$((Get-Swarm).State)" | Should -Be 'Inactive'
        { Get-SwarmService -ErrorAction Stop } | Should -Throw -ErrorId 'NotInSwarm*'
    }
    It 'a worker without a manager says why it is of no use' {
        $alone = Connect-Swarm -Socket $worker1.Socket -NoDefault
        if (Test-Difference 'lost-manager') {
            (Get-Swarm -Session $alone).ManagerAddresses | Should -Be $manager.Address
            (Get-Swarm -Session $alone).StateMessage | Should -BeNullOrEmpty
        }
        else {
            Wait-Until { (Get-Swarm -Session $alone).StateMessage } 'a message'
            (Get-Swarm -Session $alone).StateMessage | Should -BeLike "*$($manager.Address)*"
        }
        Disconnect-Swarm -Session $alone
    }
}
