# Row W26 of the walkthrough: options of a service's containers, and restart policies.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $nodes = Start-TestSwarm acceptance-options
    $WarningPreference = 'SilentlyContinue'
    # A value of the container of a service's task, by a template of docker inspect.
    function Get-ContainerValue {
        param([string] $Service, [string] $Template)
        $task = Get-RunningTask $Service
        Invoke-Docker $task.Node 'inspect', '--format', $Template, $task.ContainerId
    }
    function Get-ProcessFile { param([string] $Service, [string] $Name) [IO.File]::ReadAllText("/proc/$((Get-RunningTask $Service).ProcessId)/$Name") }
}
AfterAll { Stop-TestSwarm acceptance-options }

Describe 'What both executors do' {
    AfterEach { Get-SwarmService 'o*' | Remove-SwarmService -Force -Wait }
    It 'environment: dictionary and strings, changed and removed' {
        $made = New-SwarmService -Name option @ping -Env @{ A = 1; B = 'two words' } -Wait
        $made.Env | Should -Be 'A=1', 'B=two words'
        Set-SwarmService option -Env B=2, C=3 -RemoveEnv A -Wait
        (Get-SwarmService option).Env | Should -Be 'B=2', 'C=3'
        if ($executor -eq 'Docker') {
            $environment = Get-ContainerValue option '{{join .Config.Env "|"}}'
            $environment | Should -BeLike 'B=2|C=3*'
        }
        else { (Get-ProcessFile option environ).Split([char]0) | Should -Contain 'C=3' }
    }
    It 'user and group' {
        # Not ping: whether a user other than root may ping depends on the engine and the kernel.
        $made = New-SwarmService -Name option -Image $alpine -Command sleep, 1000000 -StopSignal KILL -User 65534:65534 -Wait
        $made.User | Should -Be '65534:65534'
        if ($executor -eq 'Docker') { Get-ContainerValue option '{{.Config.User}}' | Should -Be '65534:65534' }
        elseif ([Environment]::UserName -ne 'root') { Set-ItResult -Skipped -Because 'swarmd does not run as root' }
        else {
            # A process counts as running once it has started; right after, the program that changes its user becomes the task's program.
            Wait-Until { (Get-ProcessFile option status) -match '(?m)^Uid:\s+65534\s' } 'the program of the task'
            Get-ProcessFile option status | Should -Match '(?m)^Uid:\s+65534\s'
        }
    }
    It 'working directory and host name' {
        $made = New-SwarmService -Name option @ping -WorkingDirectory /tmp -HostName inside -Wait
        $made.WorkingDirectory | Should -Be '/tmp'
        $made.HostName | Should -Be 'inside'
        if ($executor -eq 'Docker') { Get-ContainerValue option '{{.Config.WorkingDir}} {{.Config.Hostname}}' | Should -Be '/tmp inside' }
        else { (Get-ProcessFile option environ).Split([char]0) | Should -Contain 'HOSTNAME=inside' }
    }
    It 'host names from templates' {
        $null = New-SwarmService -Name option @ping -HostName '{{.Service.Name}}-{{.Task.Slot}}-{{.Node.Hostname}}' -Wait
        $expected = "option-1-$((Get-RunningTask option).Node)"
        if ($executor -eq 'Docker') { Get-ContainerValue option '{{.Config.Hostname}}' | Should -Be $expected }
        else { (Get-ProcessFile option environ).Split([char]0) | Should -Contain "HOSTNAME=$expected" }
    }
    It 'stop signal and grace period' {
        $made = New-SwarmService -Name option -Image $alpine -Command ping, 127.0.0.1 -StopSignal SIGKILL -StopGracePeriod 1m30s -Wait
        $made.StopSignal | Should -Be 'SIGKILL'
        $made.StopGracePeriod | Should -Be ([TimeSpan]::FromSeconds(90))
        if ($executor -eq 'Docker') { Get-ContainerValue option '{{.Config.StopSignal}}' | Should -Be 'SIGKILL' }
        # A signal that ends it at once, so that the test does not wait for a minute and a half.
        Remove-SwarmService option -Force -Wait -Timeout 60s
        Get-SwarmService option -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }
    It 'entry point' {
        $made = New-SwarmService -Name option -Image $alpine -Entrypoint sleep -Command 1000000 -StopSignal KILL -Wait
        $made.Entrypoint | Should -Be 'sleep'
        if ($executor -eq 'Docker') { Get-ContainerValue option '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' | Should -Be '["sleep"] ["1000000"]' }
        else { Get-ProcessFile option cmdline | Should -Match 'sleep\x001000000' }
    }
    It 'labels of the service, which its tasks do not see, and of its containers' {
        $made = New-SwarmService -Name option @ping -Label @{ tier = 'web' } -ContainerLabel colour=blue -Wait
        $made.Labels['tier'] | Should -Be 'web'
        $made.ContainerLabels['colour'] | Should -Be 'blue'
        if ($executor -eq 'Docker') { Get-ContainerValue option '{{index .Config.Labels "colour"}}{{index .Config.Labels "tier"}}' | Should -Be 'blue' }
        Set-SwarmService option -RemoveLabel tier -RemoveContainerLabel colour -Wait
        (Get-SwarmService option).Labels.Count + (Get-SwarmService option).ContainerLabels.Count | Should -Be 0
    }
    It 'limits and reservations, with Docker''s sizes and PowerShell''s' {
        if ($executor -eq 'Process' -and [Environment]::UserName -ne 'root') { Set-ItResult -Skipped -Because 'only root can limit a process'; return }
        $made = New-SwarmService -Name option @ping -ReserveCpu 0.1 -ReserveMemory 16m -LimitCpu 0.5 -LimitMemory 64MB -LimitPids 50 -Wait
        $made.ReserveMemory | Should -Be 16MB
        $made.LimitMemory | Should -Be 64MB
        $made.LimitCpu | Should -Be 0.5
        if ($executor -eq 'Docker') { Get-ContainerValue option '{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}' | Should -Be '500000000 67108864 50' }
        $made | Show-Text -List | Should -Match '(?m)^Memory limit +: 64 MiB\s*$'
    }
    It 'a health check: Running only when healthy' {
        # web is healthy as long as the file "ready" is in its directory; with the check "false" it never is.
        $made = New-SwarmService -Name option -Image "${redis}:3.0.7" -HealthCommand true -HealthInterval 200ms -HealthTimeout 2s -HealthRetries 2 -Wait
        $made.Running | Should -Be 1
        $made.HealthCheck.Test | Should -Be 'CMD-SHELL', 'true'
        $made.HealthCheck.Interval | Should -Be ([TimeSpan]::FromMilliseconds(200))
        if ($executor -eq 'Docker') { Get-ContainerValue option '{{.State.Health.Status}}' | Should -Be 'healthy' }
    }
    It 'a health check that fails: the task never runs, and fails as unhealthy' {
        $null = New-SwarmService -Name option -Image "${redis}:3.0.7" -HealthCommand false -HealthInterval 200ms -HealthRetries 2 -RestartDelay 1h
        $ended = if (Test-Difference 'unhealthy-and-ends-with-0') { 'Complete' } else { 'Failed' }
        Wait-Until { @(Get-SwarmTask option | Where-Object State -EQ $ended).Count -gt 0 } 'a task that has ended'
        @(Get-SwarmTask option | Where-Object State -EQ $ended)[0].Error | Should -BeLike $(if ($ended -eq 'Failed') { '*unhealthy*' } else { '' })
        (Get-SwarmService option).Running | Should -Be 0
    }
}

Describe 'Restart policy' {
    AfterEach { Get-SwarmService 'o*' | Remove-SwarmService -Force -Wait }
    It 'none: what has ended stays so' {
        $null = New-SwarmService -Name once -Image $alpine -Command true -RestartCondition None
        Wait-Until { "$((Get-SwarmTask once).State)" -eq 'Complete' } 'a complete task'
        "$((Get-SwarmTask once).DesiredState)" | Should -Be 'Shutdown'
        (Get-SwarmTask once).ExitCode | Should -Be 0
    }
    It 'on-failure: success is the end, failure is not' {
        $null = New-SwarmService -Name once -Image $alpine -Command true -RestartCondition OnFailure
        $null = New-SwarmService -Name often -Image $alpine -Command false -RestartCondition OnFailure -RestartDelay 50ms -RestartMaxAttempts 2
        Wait-Until { @(Get-SwarmTask often | Where-Object State -EQ Failed).Count -eq 3 } 'the first try and two more'
        Wait-Until { "$((Get-SwarmTask once).State)" -eq 'Complete' } 'a complete task'
        # The service has converged: no further task will come.
        Wait-Until { @(Get-SwarmTask often | Where-Object DesiredState -EQ Running).Count -eq 0 } 'no task that should run'
        @(Get-SwarmTask often).Count | Should -Be 3
        (Get-SwarmTask often).ExitCode | Should -Be 1, 1, 1
        @(Get-SwarmTask once).Count | Should -Be 1
    }
    It 'any: what has ended is started again after the delay' {
        $null = New-SwarmService -Name often -Image $alpine -Command true -RestartDelay 50ms
        Wait-Until { @(Get-SwarmTask often | Where-Object State -EQ Complete).Count -ge 3 } 'three complete tasks'
        (Get-SwarmService often).RestartDelay | Should -Be ([TimeSpan]::FromMilliseconds(50))
    }
}

Describe 'What only an engine does' {
    AfterEach { Get-SwarmService 'o*' | Remove-SwarmService -Force -Wait }
    It 'mounts: bind, volume and tmpfs' {
        if ($executor -ne 'Docker') { Set-ItResult -Skipped -Because 'a process has no mounts of its own'; return }
        $null = New-SwarmService -Name option @ping -Mount 'type=bind,source=/etc/hostname,target=/given,readonly', 'option-data:/data', @{ type = 'tmpfs'; target = '/scratch'; 'tmpfs-size' = '1m' } -Wait
        $mounts = (Get-SwarmService option).Mounts
        $mounts.Type | Should -Be 'Bind', 'Volume', 'Tmpfs'
        $task = Get-RunningTask option
        Invoke-Docker $task.Node 'exec', $task.ContainerId, 'cat', '/given' | Should -Not -BeNullOrEmpty
        $null = Invoke-Docker $task.Node 'exec', $task.ContainerId, 'touch', '/data/a', '/scratch/b'
        { Invoke-Docker $task.Node 'exec', $task.ContainerId, 'touch', '/given' } | Should -Throw -ExpectedMessage '*ead-only*'
        Get-ContainerValue option '{{range .HostConfig.Mounts}}{{.Type}} {{.Source}} {{.Target}} {{.ReadOnly}};{{end}}' |
            Should -Be 'bind /etc/hostname /given true;volume option-data /data false;tmpfs  /scratch false;'
        Set-SwarmService option -RemoveMount /given -Wait
        (Get-SwarmService option).Mounts.Target | Should -Be '/data', '/scratch'
        Remove-SwarmService option -Force -Wait
        # After the tasks have ended, the node removes their containers, and with them the uses of the volume.
        Wait-Until { try { Invoke-Docker $task.Node 'volume', 'rm', 'option-data' } catch { $false } } 'the volume is free'
    }
    It 'capabilities, read-only root, init and terminal' {
        if ($executor -ne 'Docker') { Set-ItResult -Skipped -Because 'a process has no capabilities of its own'; return }
        $made = New-SwarmService -Name option @ping -CapAdd NET_ADMIN -CapDrop CHOWN, MKNOD -ReadOnly -Init -Tty -Group 44 -Wait
        $made.CapDrop | Should -Be $(if (Test-Difference 'capability-names') { 'CAP_CHOWN', 'CAP_MKNOD' } else { 'CHOWN', 'MKNOD' })
        Get-ContainerValue option '{{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Init}} {{.Config.Tty}} {{.HostConfig.GroupAdd}}' |
            Should -Match '^\[(CAP_)?NET_ADMIN\] \[(CAP_)?CHOWN (CAP_)?MKNOD\] true true true \[44\]$'
        $task = Get-RunningTask option
        { Invoke-Docker $task.Node 'exec', $task.ContainerId, 'touch', '/file' } | Should -Throw -ExpectedMessage '*Read-only file system*'
    }
    It 'is refused at create where only processes run, and names the option' {
        if ($executor -ne 'Process') { Set-ItResult -Skipped -Because 'the engine does it'; return }
        Test-Difference 'what-a-process-is-not' | Should -BeTrue
        { New-SwarmService -Name option @ping -ReadOnly -ErrorAction Stop } | Should -Throw -ErrorId 'NotSupportedByExecutor*' -ExpectedMessage '*supports ReadOnly*'
        Get-SwarmService option -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }
}
