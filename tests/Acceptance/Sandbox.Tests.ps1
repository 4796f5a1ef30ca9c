# A sandbox starts completely and is removed completely.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $WarningPreference = 'SilentlyContinue'
    # A stopped sandbox has left no task and no session.
    function Assert-NothingLeft([string] $ClusterId, $Tasks, [string] $Socket) {
        if ($executor -eq 'Docker') { Invoke-Native docker 'ps', '-aq', '--filter', "label=swarm.cluster.id=$ClusterId" | Should -BeNullOrEmpty }
        else { foreach ($task in $Tasks) { Wait-Until { -not (Get-Process -Id $task.ProcessId -ErrorAction Ignore) } "process $($task.ProcessId) is gone" } }
        @(Get-SwarmSession | Where-Object Endpoint -EQ $Socket).Count | Should -Be 0
    }
}
AfterAll { Get-SwarmSandbox 'acceptance-box*' | Stop-SwarmSandbox }

Describe 'Sandbox' {
    It 'starts a swarm and a session to it' {
        $box = Start-SwarmSandbox acceptance-box -Workers 1 -Executor $executor -Label @{ worker1 = @{ disk = 'fast' } }
        $box.Nodes.Name | Should -Be 'manager1', 'worker1'
        "$($box.Executor)" | Should -Be $executor
        (Get-SwarmNode).Name | Should -Be 'manager1', 'worker1'
        (Get-SwarmNode worker1).EngineLabels['disk'] | Should -Be 'fast'
        (Get-SwarmSession | Where-Object IsDefault).Endpoint | Should -Be $box.Socket
    }
    It 'is listed' {
        $box = Get-SwarmSandbox acceptance-box
        @($box.Nodes | Where-Object Running).Count | Should -Be 2
        $box | Show-Text | Should -Match "(?m)^acceptance-box +2/2 +$executor "
        { Get-SwarmSandbox acceptance-boxes -ErrorAction Stop } | Should -Throw -ErrorId 'SandboxNotFound*'
    }
    It 'a second of the name is refused' { { Start-SwarmSandbox acceptance-box -ErrorAction Stop } | Should -Throw -ErrorId 'SandboxExists*' -PassThru | Should -BeLike '*Stop-SwarmSandbox*' }
    It 'two that have no swarm yet have addresses of their own' {
        $all = foreach ($name in 'acceptance-box3', 'acceptance-box4') { Start-SwarmSandbox $name -Workers 1 -Executor $executor -NoSwarm }
        $addresses = [Collections.Generic.HashSet[string]]::new([string[]]@($all | ForEach-Object Address))
        $addresses.Count | Should -Be 4
        Stop-SwarmSandbox acceptance-box3, acceptance-box4
    }
    It 'a label for a node that it has not is refused' {
        { Start-SwarmSandbox acceptance-box2 -Workers 1 -Label @{ worker7 = @{ a = 1 } } -ErrorAction Stop } | Should -Throw -ErrorId 'NodeNotFound*' -ExpectedMessage '*worker7*'
        Get-SwarmSandbox 'acceptance-box2*' | Should -BeNullOrEmpty
    }
    It '-WhatIf starts and stops none' {
        Start-SwarmSandbox acceptance-box2 -WhatIf
        Get-SwarmSandbox 'acceptance-box2*' | Should -BeNullOrEmpty
        Stop-SwarmSandbox acceptance-box -WhatIf
        @((Get-SwarmSandbox acceptance-box).Nodes | Where-Object Running).Count | Should -Be 2
    }
    It 'stops with all that it started, though a daemon was killed' {
        $box = Get-SwarmSandbox acceptance-box
        $null = New-SwarmService -Name left -Image "${redis}:3.0.7" -Replicas 4 -Wait
        $tasks = Get-RunningTask left
        Stop-ProcessId ($box.Nodes | Where-Object Name -EQ worker1).ProcessId
        Wait-Until { @((Get-SwarmSandbox acceptance-box).Nodes | Where-Object Running).Count -eq 1 } 'one node left'
        Stop-SwarmSandbox acceptance-box
        Get-SwarmSandbox 'acceptance-box*' | Should -BeNullOrEmpty
        [IO.Directory]::Exists($box.Path) | Should -BeFalse
        # A process that has ended has an entry until this one has asked for its exit code.
        foreach ($node in $box.Nodes) { Wait-Until { -not (Get-Process -Id $node.ProcessId -ErrorAction Ignore) } "process $($node.ProcessId) is gone" }
        Assert-NothingLeft $box.ClusterId $tasks $box.Socket
    }
    It 'stops with all of a swarm that the user made, though a daemon was killed' {
        $manager, $worker = Start-SwarmSandbox acceptance-box5 -Workers 1 -Executor $executor -NoSwarm
        $session = Connect-Swarm -Socket $manager.Socket
        $swarm = Initialize-Swarm -AdvertiseAddress $manager.Address
        $other = Connect-Swarm -Socket $worker.Socket -NoDefault
        Join-Swarm -Session $other -Token $swarm.WorkerToken -RemoteAddress $swarm.ManagerAddress -AdvertiseAddress $worker.Address
        Disconnect-Swarm $other
        $null = New-SwarmService -Name left -Image "${redis}:3.0.7" -Replicas 4 -Wait
        $tasks = Get-RunningTask left
        Stop-ProcessId $worker.ProcessId
        Wait-Until { @((Get-SwarmSandbox acceptance-box5).Nodes | Where-Object Running).Count -eq 1 } 'one node left'
        Stop-SwarmSandbox acceptance-box5
        Assert-NothingLeft $swarm.ClusterId $tasks $session.Endpoint
    }
}

Describe 'The README' {
    BeforeAll {
        $snippet = [regex]::Match([IO.File]::ReadAllText([IO.Path]::Combine($root, 'README.md')), '(?s)```powershell\n(.*?)```').Groups[1].Value
        $folder = [IO.Directory]::CreateTempSubdirectory('swarm-readme-').FullName
        # The module under test is installed.
        $null = [IO.Directory]::CreateDirectory([IO.Path]::Combine($folder, 'modules'))
        $null = [IO.Directory]::CreateSymbolicLink([IO.Path]::Combine($folder, 'modules', 'Swarm'), (Get-Module Swarm).ModuleBase)
        [IO.File]::WriteAllText([IO.Path]::Combine($folder, 'snippet.ps1'), $snippet)
        $before = @{ SWARM_SANDBOX_HOME = $env:SWARM_SANDBOX_HOME; DOCKER_HOST = $env:DOCKER_HOST; PSModulePath = $env:PSModulePath }
        $env:PSModulePath = [IO.Path]::Combine($folder, 'modules')
        $env:SWARM_SANDBOX_HOME = [IO.Path]::Combine($folder, 'index')
        if ($executor -eq 'Process') { $env:DOCKER_HOST = 'unix:///nonexistent/docker.sock' }
    }
    AfterAll {
        # A failed snippet leaves its sandbox.
        Get-SwarmSandbox | Stop-SwarmSandbox
        foreach ($name in $before.Keys) { [Environment]::SetEnvironmentVariable($name, $before[$name]) }
        [IO.Directory]::Delete($folder, $true)
    }
    # Line by line, as it is typed: PowerShell shows the objects of one pipeline with the view of the first.
    It 'its first snippet runs as it stands, and leaves nothing' {
        $text = (Invoke-Native $pwsh '-NoProfile', '-NonInteractive', '-WorkingDirectory', $folder, '-Command', "`$ErrorActionPreference = 'Stop'; foreach (`$line in Get-Content snippet.ps1) { . ([scriptblock]::Create(`$line)) | Out-Default }") -join "`n"
        $text | Should -Match "Sandbox 'sandbox' goes on when this PowerShell ends\. Get-SwarmSandbox lists it"
        $text | Should -Match '(?m)^\w+ +redis +replicated +5/5 '
        Get-SwarmSandbox | Should -BeNullOrEmpty
    }
}
