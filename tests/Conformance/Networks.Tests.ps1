# Rows W20 and W21 of the walkthrough: networks whose tasks find each other by name across hosts, and published ports. A control plane
# without networks refuses these, with the reason; every one publishes ports.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, '..', 'Acceptance', 'Common.ps1'))
    $nodes = Start-TestSwarm conformance-networks
    $WarningPreference = 'SilentlyContinue'
    $server = if ($executor -eq 'Process') { @{ Image = 'http:1'; RestartDelay = '0s' } }
    else { @{ Image = "${web}:1"; Command = 'web', '80'; StopSignal = 'KILL'; RestartDelay = '0s' } }
    $refused = Test-Difference 'networks'
}
AfterAll { Stop-TestSwarm conformance-networks }

Describe 'A network' {
    It 'is refused where there are none, naming feature and reason' {
        if (-not $refused) { Set-ItResult -Skipped -Because 'this control plane has networks'; return }
        foreach ($command in { New-SwarmNetwork mynet -ErrorAction Stop }, { Get-SwarmNetwork mynet -ErrorAction Stop }, { Remove-SwarmNetwork mynet -Force -ErrorAction Stop },
            { New-SwarmService -Name net -Image $redis -Network mynet -ErrorAction Stop }) {
            $command | Should -Throw -ErrorId 'NotSupportedByControlPlane*' -ExpectedMessage '*it has no networks of its own yet*'
        }
    }
    It 'is made once, and not removed while a service uses it' {
        if ($refused) { Set-ItResult -Skipped -Because 'this control plane has no networks'; return }
        (New-SwarmNetwork mynet).Driver | Should -Be 'overlay'
        { New-SwarmNetwork mynet -ErrorAction Stop } | Should -Throw -ErrorId 'NameConflict*'
        (New-SwarmService -Name net @server -Network mynet -Replicas 3 -Wait).Networks | Should -Be 'mynet'
        { Remove-SwarmNetwork mynet -Force -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkInUse*' -PassThru | Should -BeLike 'network mynet is in use by service net.*Set-SwarmService net -RemoveNetwork mynet*'
    }
    It 'carries names and traffic from task to task across hosts' {
        if ($refused) { Set-ItResult -Skipped -Because 'this control plane has no networks'; return }
        $from = Get-RunningTask net | Where-Object Node -EQ manager1
        # tasks.NAME resolves to every task once gossip has told each host about the others.
        Wait-Until { @(Invoke-Docker manager1 'exec', $from.ContainerId, 'lookup', 'tasks.net' | Where-Object { "$_" -match '\d+\.\d+\.\d+\.\d+' }).Count -eq 3 } 'three addresses'
        $answers = [Collections.Generic.HashSet[string]]::new()
        Wait-Until {
            foreach ($line in Invoke-Docker manager1 'exec', $from.ContainerId, 'hget', 'tasks.net', '80', '6') { if ("$line" -match '^([0-9a-f]{12}) ') { $null = $answers.Add($Matches[1]) } }
            $answers.Count -gt 1
        } 'answers of tasks on several hosts'
        foreach ($answer in $answers) { $answer | Should -BeIn @(foreach ($task in Get-RunningTask net) { $task.ContainerId.Substring(0, 12) }) }
    }
    It 'is gone when nobody uses it any more' {
        if ($refused) { Set-ItResult -Skipped -Because 'this control plane has no networks'; return }
        Remove-SwarmService net -Force -Wait
        Wait-Until { try { Remove-SwarmNetwork mynet -Force -ErrorAction Stop; $true } catch { $false } } 'a network that is not used any more'
        { Get-SwarmNetwork mynet -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotFound*'
    }
}

Describe 'A published port' {
    It 'of the hosts themselves is answered by the task on each, and takes one task a host' {
        $null = New-SwarmService -Name ports @server -Replicas 4 -Publish 'published=8081,target=80,mode=host'
        Wait-Until { @(Get-RunningTask ports).Count -eq 3 -and @(Get-SwarmTask ports | Where-Object State -EQ Pending).Count -eq 1 } 'three tasks and one that waits'
        foreach ($task in Get-RunningTask ports) {
            $address = ($nodes | Where-Object Name -EQ $task.Node).Address -replace ':.*'
            Invoke-Native curl '--silent', '--max-time', '10', '--retry', '5', '--retry-connrefused', "http://${address}:8081/" | Should -BeLike "$($task.ContainerId.Substring(0, 12)) *"
        }
        $waits = Get-SwarmTask ports | Where-Object State -EQ Pending
        if ($refused) { $waits.PendingReasons.Filter | Should -Contain 'ports' } else { $waits.Error | Should -BeLike 'no suitable node (host-mode port*' }
        Remove-SwarmService ports -Force -Wait
    }
    It 'of the swarm is answered on every host, whichever runs the task' {
        if (-not $refused -and -not [IO.File]::Exists('/proc/net/ip_vs')) { Set-ItResult -Skipped -Because 'this kernel has no IPVS, which the ingress network is made with'; return }
        $null = New-SwarmService -Name mesh @server -Publish 8090:80 -Wait
        $container = (Get-RunningTask mesh).ContainerId.Substring(0, 12)
        foreach ($node in $nodes) {
            Invoke-Native curl '--silent', '--max-time', '10', '--retry', '5', '--retry-connrefused', "http://$($node.Address -replace ':.*'):8090/" | Should -BeLike "$container *"
        }
        Remove-SwarmService mesh -Force -Wait
    }
    It 'of the swarm is one service''s' {
        "$((New-SwarmService -Name first @server -Publish 8089:80/tcp -Wait).Ports)" | Should -Be '*:8089->80/tcp'
        { New-SwarmService -Name second @server -Publish 8089:80 -ErrorAction Stop } | Should -Throw -ErrorId 'PortInUse*' -ExpectedMessage '*8089*first*'
        Remove-SwarmService first -Force -Wait
    }
}
