# Behaviour of a Docker Swarm beyond the acceptance tests, which run on each control plane too. It covers defaults, order of states,
# history,
# roles, placement, restarts and health. It is the same on every control plane, except for the differences of differences.json.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, '..', 'Acceptance', 'Common.ps1'))
    $manager, $worker1, $worker2 = Start-TestSwarm conformance
    $WarningPreference = 'SilentlyContinue'
    $image = "${redis}:3.0.6"
    function Get-NodeCount { param([string] $Service, [string] $Node) @(Get-RunningTask $Service | Where-Object Node -EQ $Node).Count }
}
AfterAll { Stop-TestSwarm conformance }

Describe 'A service' {
    AfterAll { Remove-SwarmService plain -Force -Wait }
    It 'has Docker''s defaults' {
        $plain = New-SwarmService -Name plain -Image $image -Wait
        "$($plain.Mode) $($plain.Replicas) $($plain.Revision)" | Should -Be 'Replicated 1 1'
        foreach ($config in $plain.UpdateConfig, $plain.RollbackConfig) {
            "$($config.Parallelism) $($config.Delay) $($config.Monitor) $($config.FailureAction) $($config.MaxFailureRatio) $($config.Order)" |
                Should -Be '1 00:00:00 00:00:05 Pause 0 StopFirst'
        }
        "$($plain.RestartCondition) $($plain.RestartDelay) $($plain.RestartMaxAttempts)" | Should -Be 'Any 00:00:05 0'
        $plain.StopGracePeriod | Should -Be ([TimeSpan]::FromSeconds(10))
        $plain.UpdateStatus | Should -BeNullOrEmpty
        $plain.PreviousImage | Should -BeNullOrEmpty
        foreach ($name in 'Constraints', 'Env', 'Mounts', 'Networks', 'Ports', 'CapAdd', 'CapDrop', 'Command', 'Entrypoint') { @($plain.$name).Count | Should -Be 0 }
        $plain.Labels.Count + $plain.ContainerLabels.Count | Should -Be 0
    }
    It 'scaled up fills the slots from 1, scaled down keeps what it can evenly, scaled up again fills the gaps' {
        Invoke-SwarmScale plain 6 -Wait
        $all = @(Get-RunningTask plain)
        [uint[]]$slots = $all.Slot
        [Array]::Sort($slots)
        $slots | Should -Be (1..6)
        Invoke-SwarmScale plain 3 -Wait
        Wait-Until { @(Get-SwarmTask -Service plain).Count -eq 3 } 'three tasks, and nothing of the others'
        $kept = @(Get-RunningTask plain)
        foreach ($task in $kept) { $task.Id | Should -BeIn $all.Id }
        foreach ($node in 'manager1', 'worker1', 'worker2') { Get-NodeCount plain $node | Should -Be 1 }
        Invoke-SwarmScale plain 5 -Wait
        foreach ($task in $kept) { $task.Id | Should -BeIn (Get-RunningTask plain).Id }
        [uint[]]$slots = (Get-RunningTask plain).Slot
        [Array]::Sort($slots)
        $slots | Should -Be (1..5)
    }
}

Describe 'Templates' {
    It 'that Docker knows and ours does not are refused by name' {
        $refused = @{
            'if' = '{{if .Task.Slot}}a{{end}}'; 'range' = '{{range .Service.Labels}}a{{end}}'; 'with' = '{{with .Task.Slot}}a{{end}}'; 'block' = '{{block "a" .}}a{{end}}'
            '$x' = '{{$x := .Task.Slot}}a'; 'eq' = '{{eq .Task.Slot "1"}}'; 'not' = '{{not .Task.Slot}}'; 'len' = '{{len .Task.Name}}'
            'slice' = '{{slice .Task.Name}}'; 'html' = '{{html .Task.Name}}'; 'true' = '{{true}}'; 'numbers' = '{{1}}'
        }
        foreach ($name in $refused.Keys) {
            foreach ($option in @{ HostName = $refused[$name] }, @{ Env = "A=$($refused[$name])" }) {
                $failure = { New-SwarmService -Name templated -Image $image @option -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidTemplate*' -PassThru
                "$failure" | Should -BeLike "*column *$name*not supported*"
            }
        }
        Get-SwarmService 'templated*' | Should -BeNullOrEmpty
    }
    It 'of a service that the docker CLI has made go on working, and stay' {
        if (-not (Test-Difference 'template-language')) { return } # no CLI makes services there
        $text = '{{if eq .Task.Slot "1"}}first{{else}}other{{end}}'
        $null = Invoke-Docker manager1 'service', 'create', '--detach', '--no-resolve-image', '--name', 'templated', '--hostname', $text, $image
        Wait-Until { @(Get-SwarmService 'templated*').Count -eq 1 } 'the service of the docker CLI'
        (Get-SwarmService templated).HostName | Should -Be $text
        Set-SwarmService templated -Env A=1 -UpdateMonitor 100ms -Wait
        (Get-SwarmService templated).HostName | Should -Be $text
        Wait-Until { @(Get-RunningTask templated).Count -eq 1 } 'its task'
        $task = Get-RunningTask templated
        Invoke-Docker $task.Node 'inspect', '--format', '{{.Config.Hostname}}', $task.ContainerId | Should -Be 'first'
        Remove-SwarmService templated -Force -Wait
    }
}

Describe 'The states of a task' {
    BeforeAll {
        $order = 'New', 'Pending', 'Assigned', 'Accepted', 'Preparing', 'Ready', 'Starting', 'Running', 'Complete', 'Shutdown', 'Failed'
        $watch = [powershell]::Create([initialsessionstate]::CreateDefault2())
        $null = $watch.AddScript('param($module, $socket) Import-Module $module; $s = Connect-Swarm -Socket $socket -NoDefault; Watch-SwarmEvent -Session $s').AddArgument(
            [IO.Path]::Combine((Get-Module Swarm).ModuleBase, 'Swarm.psd1')).AddArgument($manager.Socket)
        $seen = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $null = $watch.BeginInvoke[psobject, psobject]($null, $seen)
        # The states of one task, in the order of its events.
        function Get-SeenState {
            param([string] $Id)
            for ($i = 0; $i -lt $seen.Count; $i++) {
                if ($seen[$i].Id -eq $Id -and $seen[$i].Detail -match '(?m)^state: \w+ -> (\w+)') { $Matches[1] }
            }
        }
        # Each state is later than the one before. States that a node reports together, or that pass between two looks at an engine, appear
        # as one step.
        function Assert-StateOrder {
            param([string] $Id)
            $rank = @(foreach ($state in Get-SeenState $Id) { [Array]::IndexOf($order, $state) })
            for ($i = 1; $i -lt $rank.Count; $i++) { $rank[$i] | Should -BeGreaterThan $rank[$i - 1] }
        }
        # Changes a label again and again until the watch reports it.
        Wait-Until { Set-SwarmNode worker1 -Label "n=$([Guid]::NewGuid())"; $seen.Count -gt 0 } 'a first event'
        Set-SwarmNode worker1 -RemoveLabel n
        # A task that is slow to stop, so that its successor is Ready before it has ended.
        $null = New-SwarmService -Name states -Image $image -StopSignal CONT -StopGracePeriod 1s -RestartDelay 0s -Wait
        $task = Get-RunningTask states
    }
    AfterAll {
        $watch.Stop()
        $watch.Dispose()
        Remove-SwarmService states -Force -Wait
    }
    It 'come in Docker''s order, none twice' {
        Wait-Until { @(Get-SeenState $task.Id)[-1] -eq 'Running' } 'the event of a running task'
        Assert-StateOrder $task.Id
        if (-not (Test-Difference 'event-states')) {
            # The manager's own state. A node that is busy reports the last of several together.
            @(Get-SeenState $task.Id)[0] | Should -Be 'Assigned'
        }
    }
    It 'of one that is stopped end with Shutdown, and its successor waits Ready for it' {
        Restart-SwarmService states -Wait
        $next = Get-RunningTask states
        Wait-Until { @(Get-SeenState $task.Id)[-1] -eq 'Shutdown' -and @(Get-SeenState $next.Id)[-1] -eq 'Running' } 'the end of the first and the start of the next'
        "$((Get-SwarmTask $task.Id).DesiredState) $((Get-SwarmTask $task.Id).State)" | Should -Be 'Shutdown Shutdown'
        Assert-StateOrder $task.Id
        Assert-StateOrder $next.Id
        Get-SeenState $next.Id | Should -Contain 'Ready'
    }
}

Describe 'Roles' {
    It 'the only manager stays one, and a node that is up or a manager is not removed' {
        { Set-SwarmNode manager1 -Role Worker -Force -ErrorAction Stop } | Should -Throw -ErrorId 'LastManager*'
        { Remove-SwarmNode worker1 -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'NodeNotDown*'
        { Remove-SwarmNode manager1 -Force -ErrorAction Stop } | Should -Throw -ErrorId 'NodeIsManager*'
    }
    It 'a worker is promoted and demoted' {
        if (Test-Difference 'roles') {
            { Set-SwarmNode worker1 -Role Manager -ErrorAction Stop } | Should -Throw -ErrorId 'MultipleManagersNotSupported*'
            return
        }
        Set-SwarmNode worker1 -Role Manager
        Wait-Until { "$((Get-SwarmNode worker1).ManagerStatus)" -eq 'Reachable' } 'a second manager'
        "$((Get-SwarmNode manager1).ManagerStatus)" | Should -Be 'Leader'
        Wait-Until { try { Set-SwarmNode worker1 -Role Worker -Confirm:$false -ErrorAction Stop; $true } catch { $false } } 'a demotion'
        Wait-Until { "$((Get-SwarmNode worker1).ManagerStatus)" -eq 'None' } 'one manager'
    }
}

Describe 'Placement' {
    AfterEach { Get-SwarmService 'p*' | Remove-SwarmService -Force -Wait; Get-SwarmNode | Where-Object { $_.Labels.Count } | ForEach-Object { Set-SwarmNode $_.Name -RemoveLabel @($_.Labels.Keys) } }
    It 'several constraints are all to be met' {
        Set-SwarmNode worker1 -Label @{ disk = 'ssd'; zone = 'a' }
        Set-SwarmNode worker2 -Label @{ disk = 'ssd'; zone = 'b' }
        $null = New-SwarmService -Name pboth -Image $image -Replicas 2 -Constraint 'node.labels.disk==ssd', 'node.labels.zone!=a' -Wait
        Get-NodeCount pboth worker2 | Should -Be 2
        $null = New-SwarmService -Name pnone -Image $image -Constraint 'node.labels.disk==ssd', 'node.hostname!=worker1', 'node.hostname!=worker2'
        Wait-Until { @(Get-SwarmTask -Service pnone | Where-Object PendingReasons).Count -eq 1 } 'a pending reason'
        $reason = (Get-SwarmTask -Service pnone).PendingReasons
        "$($reason.Filter) $($reason.Nodes)" | Should -Be 'constraints 3'
    }
    It 'a task whose node does not meet its constraint any more is stopped, and its slot waits' {
        Set-SwarmNode worker1 -Label zone=east
        $null = New-SwarmService -Name pmoved -Image $image -Constraint 'node.labels.zone==east' -RestartDelay 0s -Wait
        $first = Get-RunningTask pmoved
        Set-SwarmNode worker1 -RemoveLabel zone
        Wait-Until { @(Get-SwarmTask -Service pmoved | Where-Object PendingReasons).Count -eq 1 -and "$((Get-SwarmTask $first.Id).State)" -ne 'Running' } 'a task that waits'
        $old = Get-SwarmTask $first.Id
        "$($old.DesiredState) $($old.State) $($old.Error)" |
            Should -Be $(if (Test-Difference 'no-longer-meets-constraints') { 'Shutdown Shutdown ' } else { 'Shutdown Rejected assigned node no longer meets constraints' })
        (Get-SwarmTask -Service pmoved | Where-Object PendingReasons).Slot | Should -Be 1
    }
    It 'its replacement on another node comes at once, or waits Ready for the restart delay' {
        Set-SwarmNode worker1 -Label zone=east
        Set-SwarmNode worker2 -Label zone=east
        $null = New-SwarmService -Name pmoved -Image $image -Constraint 'node.labels.zone==east' -RestartDelay 1h -Wait
        $first = Get-RunningTask pmoved
        Set-SwarmNode $first.Node -RemoveLabel zone
        $expected = if (Test-Difference 'displaced-at-once') { 'Running Running' } else { 'Ready Ready' }
        Wait-Until { @(Get-SwarmTask -Service pmoved | Where-Object { $_.Id -ne $first.Id -and "$($_.DesiredState) $($_.State)" -eq $expected }).Count -eq 1 } "a replacement that is $expected"
        @(Get-SwarmTask -Service pmoved | Where-Object Id -NE $first.Id)[0].Node | Should -Be ('worker1', 'worker2' -ne $first.Node)
    }
    It 'preferences apply one after the other' {
        # The engines' label separates worker2 from the others; of the others, manager1 has a zone of its own.
        Set-SwarmNode worker1 -Label zone=a
        $null = New-SwarmService -Name pprefer -Image $image -Replicas 8 -PlacementPreference 'spread=engine.labels.com.example.storage', 'spread=node.labels.zone' -Wait
        Get-NodeCount pprefer worker2 | Should -Be 4
        Get-NodeCount pprefer manager1 | Should -Be 2
    }
    It 'a constraint that is none is refused' {
        { New-SwarmService -Name pwrong -Image $image -Constraint 'node.labels.a=x' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConstraint*'
        # docker service create accepts it, and its tasks wait for ever (from-docker.md).
        { New-SwarmService -Name pwrong -Image $image -Constraint 'node.foo==x' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConstraint*'
    }
}

Describe 'Restarts' {
    AfterEach { Get-SwarmService 'r*' | Remove-SwarmService -Force -Wait }
    It 'as often as allowed, each after the delay, and no more' {
        $null = New-SwarmService -Name rmax -Image $alpine -Command sh, '-c', 'exit 3' -RestartCondition OnFailure -RestartDelay 500ms -RestartMaxAttempts 2
        # The manager ends the last attempt a moment after the node told of its failure.
        Wait-Until { @(Get-SwarmTask -Service rmax | Where-Object { "$($_.DesiredState) $($_.State)" -eq 'Shutdown Failed' }).Count -eq 3 } 'three attempts'
        $tasks = @(Get-SwarmTask -Service rmax)
        $tasks.Count | Should -Be 3
        foreach ($task in $tasks) {
            "$($task.DesiredState) $($task.ExitCode) $($task.Error)" | Should -Be 'Shutdown 3 task: non-zero exit (3)'
            "$($task.Name) $($task.Slot)" | Should -Be 'rmax.1 1'
        }
        # The newest comes first. Each ended at least the delay after the one before, because it started that much later.
        for ($i = 0; $i -lt 2; $i++) { ($tasks[$i].StateSince - $tasks[$i + 1].StateSince).TotalMilliseconds | Should -BeGreaterOrEqual 500 }
    }
    It 'each of several that fail soon comes after the delay; where it backs off, after twice the one before' {
        $null = New-SwarmService -Name rback -Image $alpine -Command sh, '-c', 'exit 3' -RestartCondition OnFailure -RestartDelay 500ms -RestartMaxAttempts 3
        Wait-Until { @(Get-SwarmTask -Service rback | Where-Object { "$($_.State)" -eq 'Failed' }).Count -eq 4 } 'four attempts'
        $tasks = @(Get-SwarmTask -Service rback)
        $expected = if (Test-Difference 'restart-back-off') { 500, 1000, 2000 } else { 500, 500, 500 }
        for ($i = 0; $i -lt 3; $i++) { ($tasks[2 - $i].StateSince - $tasks[3 - $i].StateSince).TotalMilliseconds | Should -BeGreaterOrEqual $expected[$i] }
    }
    It 'none: it stays as it ended' {
        $null = New-SwarmService -Name rnone -Image $alpine -Command sh, '-c', 'exit 3' -RestartCondition None
        Wait-Until { @(Get-SwarmTask -Service rnone | Where-Object { "$($_.DesiredState) $($_.State)" -eq 'Shutdown Failed' }).Count -eq 1 } 'one attempt'
        $task = Get-SwarmTask -Service rnone
        "$($task.DesiredState) $($task.ExitCode)" | Should -Be 'Shutdown 3'
    }
    It 'any: the successor of one that ended well waits Ready for the delay' {
        $null = New-SwarmService -Name rany -Image $alpine -Command true -RestartDelay 1h
        Wait-Until { "$(@(Get-SwarmTask -Service rany).State)" -eq 'Ready Complete' } 'one that has ended and one that waits'
        $next, $ended = Get-SwarmTask -Service rany
        "$($next.DesiredState) $($next.State)" | Should -Be 'Ready Ready'
        "$($ended.DesiredState) $($ended.State) $($ended.ExitCode)" | Should -Be 'Shutdown Complete 0'
        (Get-SwarmService rany).Running | Should -Be 0
    }
    It 'a program that ends well before its health check has succeeded' {
        $null = New-SwarmService -Name rearly -Image $alpine -Command true -HealthCommand false -HealthInterval 1m -RestartCondition None
        Wait-Until { "$((Get-SwarmTask -Service rearly).State)" -in 'Complete', 'Failed' } 'its end'
        $task = Get-SwarmTask -Service rearly
        "$($task.State) $($task.ExitCode) $($task.Error)" | Should -Be $(if (Test-Difference 'ended-before-healthy') { 'Failed 0 container ended before its health check succeeded' } else { 'Complete 0 ' })
    }
    It 'of one whose health check fails after it ran: Failed, unhealthy, and replaced' {
        # Healthy for its first checks, unhealthy afterwards.
        $check = 'test ! -e /tmp/swarm-sick-$HOSTNAME'
        $null = New-SwarmService -Name rhealth -Image $alpine -Command sh, '-c', 'exec sleep 1000000' -HostName '{{.Task.ID}}' -StopSignal KILL -RestartDelay 100ms -HealthCommand $check -HealthInterval 200ms -HealthRetries 2 -Wait
        $first = Get-RunningTask rhealth
        $file = "/tmp/swarm-sick-$($first.Id)"
        if ($executor -eq 'Docker') { $null = Invoke-Docker $first.Node 'exec', $first.ContainerId, 'touch', $file } else { [IO.File]::WriteAllText($file, '') }
        try {
            Wait-Until { @(Get-RunningTask rhealth | Where-Object Id -NE $first.Id).Count -eq 1 } 'a replacement'
            $sick = Get-SwarmTask $first.Id
            "$($sick.DesiredState) $($sick.State) $($sick.ExitCode)" | Should -Be 'Shutdown Failed 137'
            $sick.Error | Should -Be "task: non-zero exit (137): $(if (Test-Difference 'unhealthy-words') { 'dockerexec: ' })unhealthy container"
        }
        finally { [IO.File]::Delete($file) }
    }
}
