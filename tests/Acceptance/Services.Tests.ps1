# Rows W09–W15 of the walkthrough: create, list, inspect, tasks, the container on the node, scale, remove.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $nodes = Start-TestSwarm acceptance-services
}
AfterAll { Stop-TestSwarm acceptance-services }

Describe 'Create, list, inspect' {
    BeforeAll { $created = New-SwarmService -Name helloworld @ping -Replicas 1 -Wait -WarningAction SilentlyContinue }
    It 'answers the service, its image pinned to a digest' {
        $created.Name | Should -Be 'helloworld'
        $created.Id | Should -Match '^[0-9a-z]{25}$'
        $created.Image | Should -Match "^$([regex]::Escape($alpine)):latest@sha256:[0-9a-f]{64}$"
        $created.Command | Should -Be 'ping', '127.0.0.1'
        $created.Running | Should -Be 1
    }
    It 'lists it like docker service ls' {
        $service = Get-SwarmService helloworld
        "$($service.Mode)" | Should -Be 'Replicated'
        $service.Replicas | Should -Be 1
        $service.Running | Should -Be 1
        $service | Show-Text | Should -Match "(?m)^$($created.Id.Substring(0, 12)) +helloworld +replicated +1/1 +$([regex]::Escape($alpine)):latest\s*$"
    }
    It 'shows it like docker service inspect --pretty' {
        $text = Get-SwarmService helloworld | Show-Text -List
        $lines = "ID +: $($created.Id)", 'Name +: helloworld', 'Service mode +: Replicated', 'Replicas +: 1/1', 'Revision +: 1', 'Command +: ping 127.0.0.1',
            'Update config +: parallelism 1, delay 0s, monitor 5s, on failure pause, max failure ratio 0, stop-first',
            'Rollback config +: parallelism 1, delay 0s, monitor 5s, on failure pause, max failure ratio 0, stop-first', 'Restart +: any, delay 5s'
        foreach ($line in $lines) { $text | Should -Match "(?m)^$line\s*$" }
        $text | Should -Not -Match 'Constraints|Env|Mounts|Memory limit'
    }
    It 'finds it by wildcard, id and the beginning of its id, and through the pipeline' {
        (Get-SwarmService 'hello*').Id | Should -Be $created.Id
        (Get-SwarmService $created.Id).Name | Should -Be 'helloworld'
        (Get-SwarmService $created.Id.Substring(0, 12)).Id | Should -Be $created.Id
        ('helloworld' | Get-SwarmService).Id | Should -Be $created.Id
        ($created | Get-SwarmService).Id | Should -Be $created.Id
        ([pscustomobject]@{ Name = 'helloworld' } | Get-SwarmService).Id | Should -Be $created.Id
    }
    It 'takes an exact id before an exact name, and that before the beginning of an id' {
        $first = "$($created.Id.Substring(0, 6))"
        foreach ($name in $created.Id, $first) { $null = New-SwarmService -Name $name @ping -Replicas 0 -WarningAction SilentlyContinue }
        (Get-SwarmService $created.Id).Name | Should -Be 'helloworld'
        (Get-SwarmService $first).Name | Should -Be $first
        Remove-SwarmService $first -Force -Wait
        # Its name is another service's id: only its own id means it.
        (Get-SwarmService | Where-Object Name -EQ $created.Id).Id | Remove-SwarmService -Force -Wait
        (Get-SwarmService).Name | Should -Be 'helloworld'
    }
    It 'warns of a limit beyond every node' {
        $null = New-SwarmService -Name wide @ping -Replicas 0 -LimitCpu 100000 -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*limit of 100000 CPUs is beyond every node*'
        Remove-SwarmService wide -Force -Wait
    }
    It 'shows its task like docker service ps' {
        $task = Get-SwarmTask helloworld
        $task.Name | Should -Be 'helloworld.1'
        $task.Slot | Should -Be 1
        $task.ServiceId | Should -Be $created.Id
        $task.Node | Should -BeIn $nodes.Name
        $task.Image | Should -Be $created.Image
        "$($task.DesiredState) $($task.State)" | Should -Be 'Running Running'
        $task.StateSince | Should -BeOfType [DateTime]
        $task | Show-Text | Should -Match "(?m)^$($task.Id.Substring(0, 12)) +helloworld\.1 +$([regex]::Escape($alpine)):latest +$($task.Node) +Running +Running .+ ago\s*$"
    }
    It 'finds tasks by id, service, node and through the pipeline' {
        $task = Get-SwarmTask helloworld
        (Get-SwarmTask $task.Id).Name | Should -Be 'helloworld.1'
        (Get-SwarmTask helloworld.1).Id | Should -Be $task.Id
        (Get-SwarmService helloworld | Get-SwarmTask).Id | Should -Be $task.Id
        (Get-SwarmNode $task.Node | Get-SwarmTask).Id | Should -Be $task.Id
        (Get-SwarmTask -Node $task.Node).Id | Should -Be $task.Id
        (Get-SwarmTask | Where-Object Node -EQ $task.Node).Id | Should -Be $task.Id
    }
    It 'is a container on the node, of the name and labels that Docker gives' {
        $task = Get-SwarmTask helloworld
        $task.ContainerName | Should -Be "helloworld.1.$($task.Id)"
        if ($executor -eq 'Docker') {
            $name, $id, $label, $service = (Invoke-Docker $task.Node 'ps', '--no-trunc', '--filter', "name=$($task.ContainerName)", '--format',
                '{{.Names}} {{.ID}} {{.Label "com.docker.swarm.task.id"}} {{.Label "com.docker.swarm.service.name"}}') -split ' '
            $name | Should -Be $task.ContainerName
            $id | Should -Be $task.ContainerId
            $label | Should -Be $task.Id
            $service | Should -Be 'helloworld'
        }
        else { [Diagnostics.Process]::GetProcessById($task.ProcessId).HasExited | Should -BeFalse }
    }
}

Describe 'What is refused' {
    It '<what>' -ForEach @(
        @{ What = 'a name that is taken'; Id = 'NameConflict'; Command = { New-SwarmService -Name helloworld -Image alpine -ErrorAction Stop }; Says = 'helloworld' }
        @{ What = 'a name that is none'; Id = 'InvalidName'; Command = { New-SwarmService -Name '-no-' -Image alpine -ErrorAction Stop }; Says = '-no-' }
        @{ What = 'an image that is none'; Id = 'InvalidImage'; Command = { New-SwarmService -Name c -Image 'Not An Image' -ErrorAction Stop }; Says = 'Not An Image' }
        @{ What = 'no image'; Id = 'MissingMandatoryParameter'; Command = { New-SwarmService -Name c -ErrorAction Stop }; Says = 'Image' }
        @{ What = 'a constraint that is none'; Id = 'InvalidConstraint'; Command = { New-SwarmService -Name c -Image alpine -Constraint 'node.labels.zone=east' -ErrorAction Stop }; Says = 'node.labels.zone=east' }
        @{ What = 'negative replicas'; Id = 'InvalidReplicas'; Command = { New-SwarmService -Name c -Image alpine -Replicas -1 -ErrorAction Stop }; Says = '-1' }
        @{ What = 'negative replicas on scale'; Id = 'InvalidReplicas'; Command = { Invoke-SwarmScale helloworld -1 -ErrorAction Stop }; Says = '-1' }
        @{ What = 'replicas of a global service'; Id = 'ConflictingParameters'; Command = { New-SwarmService -Name c -Image alpine -Mode Global -Replicas 2 -ErrorAction Stop }; Says = '-Replicas' }
        @{ What = 'a duration that is none'; Id = 'ParameterArgumentTransformationError'; Command = { New-SwarmService -Name c -Image alpine -UpdateDelay soon -ErrorAction Stop }; Says = '10m20s' }
        @{ What = 'a size that is none'; Id = 'ParameterArgumentTransformationError'; Command = { New-SwarmService -Name c -Image alpine -LimitMemory lots -ErrorAction Stop }; Says = '64MB' }
        @{ What = 'a mount that is none'; Id = 'ParameterArgumentTransformationError'; Command = { New-SwarmService -Name c -Image alpine -Mount 'type=cloud,target=/a' -ErrorAction Stop }; Says = 'cloud' }
        @{ What = 'a name that is not one part of a DNS name'; Id = 'InvalidName'; Command = { New-SwarmService -Name web.v1 -Image alpine -ErrorAction Stop }; Says = 'DNS' }
        @{ What = 'a variable that is none'; Id = 'ParameterArgumentTransformationError'; Command = { New-SwarmService -Name c -Image alpine -Env '=x' -ErrorAction Stop }; Says = 'NAME=value' }
        @{ What = 'two health checks at once'; Id = 'ConflictingParameters'; Command = { New-SwarmService -Name c -Image alpine -NoHealthCheck -HealthCommand true -ErrorAction Stop }; Says = '-HealthCommand' }
        @{ What = 'a capability added and dropped'; Id = 'ConflictingParameters'; Command = { New-SwarmService -Name c -Image alpine -CapAdd CHOWN -CapDrop CHOWN -ErrorAction Stop }; Says = 'CHOWN' }
    ) {
        $before = (Get-SwarmService).Name
        $failure = $Command | Should -Throw -ErrorId "$Id*" -PassThru
        "$failure" | Should -BeLike "*$Says*"
        "$failure" | Should -Not -Match 'RpcException|StatusCode|   at '
        (Get-SwarmService).Name | Should -Be $before
        (Get-SwarmService helloworld).Replicas | Should -Be 1
    }
    It 'shows where a constraint is wrong' {
        $failure = { New-SwarmService -Name c -Image alpine -Constraint 'node.labels.zone=east' -ErrorAction Stop } | Should -Throw -PassThru
        "$failure" | Should -BeLike '*column 17*'
    }
    It 'shows where a template is wrong' {
        $failure = { New-SwarmService -Name c -Image alpine -HostName 'a{{.Nope}}' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidTemplate*' -PassThru
        "$failure" | Should -BeLike '*column 4*'
        { New-SwarmService -Name c -Image alpine -Env 'A=a{{' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidTemplate*' -ExpectedMessage "*'A', column 2*"
    }
    It 'an unknown service, in each cmdlet, with the name as the target' {
        $nobody = 'nobody'
        foreach ($command in { Get-SwarmService $nobody -ErrorAction Stop }, { Set-SwarmService $nobody -Replicas 2 -ErrorAction Stop }, { Invoke-SwarmScale $nobody 2 -ErrorAction Stop },
            { Remove-SwarmService $nobody -Force -ErrorAction Stop }, { Undo-SwarmService $nobody -ErrorAction Stop }, { Restart-SwarmService $nobody -ErrorAction Stop },
            { Wait-SwarmService $nobody -ErrorAction Stop }, { Get-SwarmServiceRevision $nobody -ErrorAction Stop }, { Test-SwarmPlacement $nobody -ErrorAction Stop },
            { Get-SwarmTask -Service $nobody -ErrorAction Stop }) {
            $failure = $command | Should -Throw -ErrorId 'ServiceNotFound*' -ExpectedMessage '*nobody*' -PassThru
            $failure.TargetObject | Should -Be 'nobody'
            "$($failure.CategoryInfo.Category)" | Should -Be 'ObjectNotFound'
        }
    }
    It 'one unknown among several is one error, and the others are served' {
        $found = Get-SwarmService nobody, helloworld, nothing -ErrorAction SilentlyContinue -ErrorVariable missing
        $found.Name | Should -Be 'helloworld'
        $missing.TargetObject | Should -Be 'nobody', 'nothing'
        Get-SwarmService 'no*' -ErrorAction Stop | Should -BeNullOrEmpty
        Get-SwarmTask 'no*' -ErrorAction Stop | Should -BeNullOrEmpty
    }
}

Describe 'Scale' {
    BeforeAll {
        foreach ($name in 'frontend', 'backend') { $null = New-SwarmService -Name $name -Image "${redis}:3.0.7" -Wait -WarningAction SilentlyContinue }
    }
    AfterAll { Remove-SwarmService frontend, backend -Force -Wait }
    It '-WhatIf says which tasks would start where, and starts none' {
        Invoke-SwarmScale frontend 3 -WhatIf -InformationVariable plan
        $steps = @($plan | ForEach-Object MessageData | Where-Object { $_ -is [Swarm.PlannedAction] })
        ($steps | Where-Object Action -EQ create).Task | Should -Be 'frontend.2', 'frontend.3'
        foreach ($step in $steps) { $step.Node | Should -BeIn $nodes.Name }
        (Get-SwarmService frontend).Replicas | Should -Be 1
    }
    It 'by name and number, and spreads over the nodes' {
        Invoke-SwarmScale frontend 6 -Wait | Should -BeNullOrEmpty
        $running = @(Get-RunningTask frontend)
        $running.Count | Should -Be 6
        foreach ($node in $nodes.Name) { @($running | Where-Object Node -EQ $node).Count | Should -Be 2 }
        ($running.Slot | Where-Object { $_ -in 1..6 }).Count | Should -Be 6
    }
    It 'from the pipeline' {
        $scaled = Get-SwarmService *end | Invoke-SwarmScale -Replicas 2 -Wait -PassThru
        $scaled.Name | Should -Be 'backend', 'frontend'
        $scaled.Replicas | Should -Be 2, 2
        @(Get-RunningTask frontend).Count | Should -Be 2
    }
    It 'several at once with a dictionary' {
        $frontend, $backend = Invoke-SwarmScale ([ordered]@{ frontend = 3; backend = 1 }) -Wait -PassThru
        "$($frontend.Name) $($frontend.Running) $($backend.Name) $($backend.Running)" | Should -Be 'frontend 3 backend 1'
        # A single change of both services, or two changes: only the former can promise all or nothing.
        if (Test-Difference 'scale-together') { $frontend.Version | Should -Not -Be $backend.Version } else { $frontend.Version | Should -Be $backend.Version }
    }
    It 'to none and back' {
        Invoke-SwarmScale backend 0 -Wait
        Get-RunningTask backend | Should -BeNullOrEmpty
        (Get-SwarmService backend).Running | Should -Be 0
        Invoke-SwarmScale backend 1 -Wait
        (Get-RunningTask backend).Name | Should -Be 'backend.1'
    }
    It 'changes no running task' {
        $before = (Get-RunningTask frontend).Id
        Invoke-SwarmScale frontend 4 -Wait
        foreach ($id in $before) { $id | Should -BeIn (Get-RunningTask frontend).Id }
        (Get-SwarmService frontend).Revision | Should -Be 1
    }
    It 'a wait that is too short is an error, and the change stays' {
        $failure = { Invoke-SwarmScale frontend 5 -Wait -Timeout 1ms -ErrorAction Stop } | Should -Throw -ErrorId 'WaitTimeout*' -ExpectedMessage '*The change stays in effect*' -PassThru
        $failure.TargetObject | Should -Be 'frontend'
        (Get-SwarmService frontend).Replicas | Should -Be 5
        Wait-SwarmService frontend
        @(Get-RunningTask frontend).Count | Should -Be 5
    }
}

Describe 'Remove' {
    It '-WhatIf and -Confirm:$false' {
        Remove-SwarmService helloworld -WhatIf
        (Get-SwarmService helloworld).Running | Should -Be 1
    }
    It 'the service and its tasks go, and its name is in the error afterwards' {
        $task = Get-SwarmTask helloworld
        $removed = Remove-SwarmService helloworld -Confirm:$false -Wait -PassThru
        $removed.Name | Should -Be 'helloworld'
        $failure = { Get-SwarmService helloworld -ErrorAction Stop } | Should -Throw -ErrorId 'ServiceNotFound*' -ExpectedMessage '*helloworld*' -PassThru
        "$failure" | Should -BeLike '*Get-SwarmService*'
        @(Get-SwarmTask | Where-Object ServiceName -EQ helloworld).Count | Should -Be 0
        # A task has ended when its container has; afterwards the node removes the container.
        if ($executor -eq 'Docker') { Wait-Until { -not (Invoke-Docker $task.Node 'ps', '-aq', '--filter', "name=$($task.ContainerName)") } 'the container is gone' }
        else { { [Diagnostics.Process]::GetProcessById($task.ProcessId) } | Should -Throw }
    }
    It 'the name is free again' {
        $again = New-SwarmService -Name helloworld -Image "${redis}:3.0.7" -Replicas 2 -Wait -WarningAction SilentlyContinue
        $again.Running | Should -Be 2
        $again | Remove-SwarmService -Force -Wait
        Get-SwarmService | Should -BeNullOrEmpty
    }
}
