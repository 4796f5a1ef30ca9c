# The common behaviour of all cmdlets: completion, events, copies through CLIXML, sessions, help. See docs/en-US/about_Swarm.md.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $nodes = Start-TestSwarm acceptance-conventions
    $WarningPreference = 'SilentlyContinue'
    $null = New-SwarmService -Name alpha -Image "${redis}:3.0.7" -Replicas 2 -Label @{ tier = 'web' } -Mount data:/data -Constraint node.role==worker, node.labels.disk==none -NoResolveImage
    $null = New-SwarmService -Name beta -Image "${redis}:3.0.7" -Wait
    function Get-Completion { param([string] $Line) [System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null).CompletionMatches.CompletionText }
}
AfterAll { Stop-TestSwarm acceptance-conventions }

Describe 'Completion' {
    It '<line>' -ForEach @(
        @{ Line = 'Get-SwarmService '; Expected = 'alpha', 'beta' }, @{ Line = 'Remove-SwarmService -Name b'; Expected = 'beta' }
        @{ Line = 'Invoke-SwarmScale al'; Expected = 'alpha' }, @{ Line = 'Get-SwarmTask -Service b'; Expected = 'beta' }
        @{ Line = 'Get-SwarmNode w'; Expected = 'worker1', 'worker2' }, @{ Line = 'Set-SwarmNode worker1 -Availability '; Expected = 'Active', 'Drain', 'Pause' }
        @{ Line = 'Get-SwarmTask -Node m'; Expected = 'manager1' }, @{ Line = 'Get-SwarmService nosuch'; Expected = 'nosuch' }
        @{ Line = 'New-SwarmService x alpine -Constraint node.role'; Expected = "'node.role==manager'", "'node.role==worker'" }
        @{ Line = 'New-SwarmService x alpine -Constraint engine.labels.com.example.storage'; Expected = "'engine.labels.com.example.storage==hdd'", "'engine.labels.com.example.storage==ssd'" }
        @{ Line = 'Stop-SwarmSandbox acceptance-conv'; Expected = $(if (-not $env:SWARM_ACCEPTANCE_LAB) { 'acceptance-conventions' } else { 'acceptance-conv' }) }
    ) { @(Get-Completion $line) | Should -Be $expected }
    It 'answers nothing where there is no daemon, and throws nothing' {
        $before = $env:SWARM_SOCKET
        $session = Get-SwarmSession | Where-Object IsDefault
        try {
            Disconnect-Swarm
            $env:SWARM_SOCKET = '/nowhere/swarmd.sock'
            Get-Completion 'Get-SwarmService ' | Where-Object { $_ -in 'alpha', 'beta' } | Should -BeNullOrEmpty
            { Get-SwarmService -ErrorAction Stop } | Should -Throw -ErrorId 'DaemonUnavailable*' -PassThru | Should -BeLike '*Connect-Swarm*'
        }
        finally {
            $env:SWARM_SOCKET = $before
            $null = Connect-Swarm -Socket $session.Endpoint
        }
    }
}

Describe 'Changes' {
    It 'that change nothing are told by one rule' {
        { Set-SwarmService beta -ErrorAction Stop } | Should -Throw -ErrorId 'NothingToChange*'
        { Set-SwarmService beta -RemoveEnv NOSUCH -ErrorAction Stop } | Should -Throw -ErrorId 'EnvNotFound*'
        $edited = Get-SwarmService beta
        $edited.Replicas = 7
        { $edited | Set-SwarmService -ErrorAction Stop } | Should -Throw -ErrorId 'NothingToChange*'
        Set-SwarmService beta -Replicas 1 -ErrorAction Stop
        (Get-SwarmService beta).Replicas | Should -Be 1
    }
    It 'take Docker''s comma syntax without quotes' {
        $made = New-SwarmService comma $alpine -NoResolveImage -Constraint node.labels.disk==none -Mount type=volume,source=comma,target=/x
        $made.Mounts.Target | Should -Be '/x'
        Remove-SwarmService comma -Force -Wait
    }
    It 'are refused at create where no node would take them' {
        { New-SwarmService nobody $alpine -NoResolveImage -User 'nobody:' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidUser*'
        Get-SwarmService nobody* | Should -BeNullOrEmpty
    }
    It 'show their calls with -Verbose and -Debug, and no value of the environment' {
        $null = New-SwarmService told $alpine -NoResolveImage -Constraint node.labels.disk==none
        $said = Set-SwarmService told -Env KEY=canary0value -Verbose -Debug *>&1 | Out-String -Width 4000
        $said | Should -Match 'UpdateService'
        $said | Should -Match 'KEY='
        $said | Should -Not -Match 'canary0value'
        Remove-SwarmService told -Force -Wait
    }
}

Describe 'Objects' {
    It '<command> survives CLIXML' -ForEach @(
        @{ Command = 'Get-SwarmService' }, @{ Command = 'Get-SwarmTask' }, @{ Command = 'Get-SwarmNode' }, @{ Command = 'Get-Swarm' }, @{ Command = 'Get-SwarmJoinToken' }
        @{ Command = 'Get-SwarmServiceRevision' }, @{ Command = 'Get-SwarmSession' }
    ) {
        $original = @(& $command)[0]
        $copy = Copy-AsClixml $original
        $copy.PSObject.TypeNames[0] | Should -Be "Deserialized.$($original.GetType().FullName)"
        foreach ($property in $original.PSObject.Properties) {
            $value = $copy.($property.Name)
            if ($property.Value -is [Enum]) { $value | Should -BeExactly "$($property.Value)" -Because $property.Name }
            elseif ($property.Value -is [string] -or $property.Value -is [ValueType]) { "$value" | Should -Be "$($property.Value)" -Because $property.Name }
        }
    }
    It 'keep their parts through CLIXML' {
        $copy = Copy-AsClixml (Get-SwarmService alpha)
        $copy.Labels['tier'] | Should -Be 'web'
        $copy.Constraints | Should -Be 'node.role==worker', 'node.labels.disk==none'
        $copy.Mounts[0].Target | Should -Be '/data'
        $copy.UpdateConfig.Parallelism | Should -Be 1
        $copy.CreatedAt | Should -BeOfType [DateTime]
    }
    It 'are taken back from CLIXML by the pipeline' {
        $service = Copy-AsClixml (Get-SwarmService beta)
        ($service | Get-SwarmService).Id | Should -Be $service.Id
        ($service | Get-SwarmTask).Name | Should -Be 'beta.1'
        (Copy-AsClixml (Get-SwarmNode worker2) | Get-SwarmNode).Name | Should -Be 'worker2'
        ($service | Invoke-SwarmScale -Replicas 2 -Wait -PassThru).Running | Should -Be 2
        $service | Invoke-SwarmScale -Replicas 1 -Wait
    }
    It 'rows of a CSV file make services, and a copy is equal' {
        $file = [IO.Path]::Combine($TestDrive, 'services.csv')
        Set-Content $file 'Name,Image,Replicas,Env,Label,UpdateDelay,ReadOnly', "row1,${redis}:3.0.7,2,A=1;B=x y,tier=web;zone=a,10s,", "row2,${redis}:3.0.7,,,,,"
        $made = Import-Csv $file | New-SwarmService
        $made.Name | Should -Be 'row1', 'row2'
        $made.Replicas | Should -Be 2, 1
        $made[0].Env | Should -Be 'A=1', 'B=x y'
        $made[0].Labels['zone'] | Should -Be 'a'
        $copy = Get-SwarmService row1 | New-SwarmService -Name copy
        Copy-AsClixml (Get-SwarmService row1) | New-SwarmService -Name again | Out-Null
        # Everything but what is of the service itself.
        $own = 'Id', 'Name', 'Running', 'CreatedAt', 'UpdatedAt', 'Version', 'UpdateStatus'
        $expected = Get-SwarmService row1 | Select-Object -ExcludeProperty $own | ConvertTo-Json -Depth 5
        foreach ($name in 'copy', 'again') { Get-SwarmService $name | Select-Object -ExcludeProperty $own | ConvertTo-Json -Depth 5 | Should -Be $expected }
        Set-Content $file 'Name,Availability,Label', 'worker1,,csv=1', 'worker2,Active,csv=2'
        Import-Csv $file | Set-SwarmNode
        (Get-SwarmNode worker1, worker2).ForEach({ $_.Labels['csv'] }) | Should -Be '1', '2'
        Set-SwarmNode worker1, worker2 -RemoveLabel csv
        Remove-SwarmService row1, row2, copy, again -Force -Wait
    }
    It 'are made in parallel runspaces with one session' {
        $session = Get-SwarmSession | Where-Object IsDefault
        $path = (Get-Module Swarm).Path
        $image = "${redis}:3.0.7"
        $made = 1..6 | ForEach-Object -ThrottleLimit 6 -Parallel {
            Import-Module $using:path
            New-SwarmService -Name "parallel$_" -Image $using:image -Session $using:session -WarningAction SilentlyContinue
        }
        $made.Name | Sort-Object | Should -Be (1..6 | ForEach-Object { "parallel$_" })
        @(Get-SwarmService 'parallel*').Count | Should -Be 6
        Remove-SwarmService 'parallel*' -Force -Wait
    }
    It 'of <way> have the names of their states and the same views' -ForEach @{ Way = 'Import-Clixml' }, @{ Way = 'Receive-Job' } {
        $read = { Get-SwarmService beta; Get-SwarmTask beta.1; Get-SwarmJoinToken }
        if ($way -eq 'Import-Clixml') {
            $file = Join-Path $TestDrive objects.xml
            & $read | Export-Clixml $file
            $copies = Import-Clixml $file
        }
        else {
            # Start-Job starts the program pwsh of this PowerShell; a host of the engine may have none.
            $program = Join-Path $PSHOME "pwsh$(if ($IsWindows) { '.exe' })"
            if (-not (Test-Path $program)) { Set-ItResult -Skipped -Because "Start-Job needs $program"; return }
            $module = [IO.Path]::Combine((Get-Module Swarm).ModuleBase, 'Swarm.psd1')
            $socket = $nodes[0].Socket
            $job = Start-Job { Import-Module $using:module; $null = Connect-Swarm -Socket $using:socket; & ([scriptblock]::Create($using:read)) }
            try { $copies = $job | Receive-Job -Wait }
            finally { $job | Remove-Job -Force }
        }
        $originals = @(& $read)
        @($copies).Count | Should -Be $originals.Count
        for ($i = 0; $i -lt $originals.Count; $i++) {
            $copies[$i].PSTypeNames[0] | Should -Be "Deserialized.$($originals[$i].GetType().FullName)"
            foreach ($property in $originals[$i].PSObject.Properties) {
                if ($property.Value -is [Enum]) { $copies[$i].($property.Name) | Should -BeExactly "$($property.Value)" -Because $property.Name }
            }
            foreach ($list in $false, $true) {
                # Time goes on between the two.
                $texts = foreach ($object in $originals[$i], $copies[$i]) {
                    ($object | Show-Text -List:$list) -replace '(less than a second|about an? \w+|\d+ \w+) ago', 'AGE' -replace '\s+', ' '
                }
                $texts[1] | Should -BeExactly $texts[0]
            }
        }
        ($copies | Where-Object State -EQ Running).Name | Should -Be 'beta.1'
    }
    It 'are plain: no type of a dependency is in sight' {
        foreach ($object in (Get-SwarmService alpha), (Get-SwarmTask beta.1), (Get-SwarmNode manager1), (Get-Swarm)) {
            foreach ($property in $object.PSObject.Properties) { $property.TypeNameOfValue | Should -Not -Match 'Google|Grpc|Swarm\.Protocol' }
        }
    }
}

Describe 'Conventions of changes' {
    It 'every cmdlet that changes something has -WhatIf and -Confirm' {
        $changes = Get-Command -Module Swarm | Where-Object Verb -NotIn Get, Test, Wait, Watch, Connect, Disconnect
        $changes.Count | Should -BeGreaterThan 15
        foreach ($command in $changes) {
            foreach ($parameter in 'WhatIf', 'Confirm') { $command.Parameters.Keys | Should -Contain $parameter -Because $command.Name }
        }
    }
    It 'Set and Remove are silent without -PassThru' {
        Set-SwarmService beta -Label @{ a = 1 } | Should -BeNullOrEmpty
        (Set-SwarmService beta -RemoveLabel a -PassThru).Name | Should -Be 'beta'
        Set-SwarmNode worker1 -Label a=1 | Should -BeNullOrEmpty
        (Set-SwarmNode worker1 -RemoveLabel a -PassThru).Name | Should -Be 'worker1'
    }
    It 'Wait-SwarmService takes several, and -PassThru' {
        $null = New-SwarmService -Name gamma -Image "${redis}:3.0.7" -Replicas 2
        $null = New-SwarmService -Name delta -Image "${redis}:3.0.7" -Replicas 2
        (Get-SwarmService gamma, delta | Wait-SwarmService -Timeout 2m -PassThru).Running | Should -Be 2, 2
        Remove-SwarmService gamma, delta -Force
        Wait-SwarmService gamma, delta -Removed -ErrorAction SilentlyContinue
        @(Get-SwarmTask | Where-Object ServiceName -In gamma, delta).Count | Should -Be 0
    }
    It 'a change that someone else made meanwhile is not undone' {
        $read = Get-SwarmService beta
        Set-SwarmService beta -Label @{ mine = 1 }
        $read | Set-SwarmService -Label @{ yours = 2 }
        (Get-SwarmService beta).Labels.Keys | Should -Be 'mine', 'yours'
        Set-SwarmService beta -RemoveLabel mine, yours
    }
}

Describe 'Events' {
    BeforeAll {
        $watch = [powershell]::Create([initialsessionstate]::CreateDefault2())
        $null = $watch.AddScript('param($module, $socket) Import-Module $module; $s = Connect-Swarm -Socket $socket -NoDefault; Watch-SwarmEvent -Session $s').AddArgument(
            [IO.Path]::Combine((Get-Module Swarm).ModuleBase, 'Swarm.psd1')).AddArgument($nodes[0].Socket)
        $seen = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $running = $watch.BeginInvoke[psobject, psobject]($null, $seen)
        # The collection's own enumerator waits for the end of the watch.
        function Get-Seen { for ($i = 0; $i -lt $seen.Count; $i++) { $seen[$i] } }
    }
    AfterAll {
        $watch.Stop()
        $watch.Dispose()
    }
    It 'arrive while they happen, and Ctrl+C ends the watch' {
        # Changes a label again and again until the watch reports it.
        Wait-Until { Set-SwarmNode worker1 -Label "n=$([Guid]::NewGuid())"; $seen.Count -gt 0 } 'a first event'
        $null = New-SwarmService -Name watched -Image "${redis}:3.0.7" -Wait
        Remove-SwarmService watched -Force -Wait
        Wait-Until { @(Get-Seen | Where-Object { $_.Name -eq 'watched' -and $_.Action -eq 'remove' }).Count -gt 0 } 'the removal'
        $all = @(Get-Seen)
        ($all | Where-Object { "$($_.Kind)" -eq 'Node' }).Name | Should -Contain 'worker1'
        ($all | Where-Object { $_.Name -eq 'watched' })[0].Action | Should -Be 'create'
        $ofTask = @($all | Where-Object { "$($_.Kind)" -eq 'Task' -and $_.Name -eq 'watched.1' })
        if (Test-Difference 'event-states') { $ofTask.Count | Should -BeGreaterThan 0 } else { $ofTask.Detail | Should -Contain 'state: Starting -> Running' }
        $all[0].Time | Should -BeOfType [DateTime]
        $running.IsCompleted | Should -BeFalse
        Set-SwarmNode worker1 -RemoveLabel n
        $watch.Stop()
        "$($watch.InvocationStateInfo.State)" | Should -Be 'Stopped'
    }
    It '-Timeout ends the watch too' { { Watch-SwarmEvent -Timeout 100ms -ErrorAction Stop } | Should -Not -Throw }
}

Describe 'A console' {
    BeforeAll {
        $folder = [IO.Directory]::CreateTempSubdirectory('swarm-console-').FullName
        $typescript = [IO.Path]::Combine($folder, 'typescript')
        $go = [IO.Path]::Combine($folder, 'go')
        $typed = [IO.Path]::Combine($folder, 'typed.ps1')
        function Get-Shown { if (Test-Path $typescript) { (Get-Content $typescript -Raw) -replace "`e\[[0-9;?]*[A-Za-z]|`e[=>]|`r", '' } }

        # Types a line at a PowerShell whose screen is a pseudo-terminal of 80 columns. The line gets the swarm's socket and waits with Wait-Go.
        function Start-Console([string] $Line) {
            Remove-Item $typescript, $go -ErrorAction Ignore
            $module = [IO.Path]::Combine((Get-Module Swarm).ModuleBase, 'Swarm.psd1')
            [IO.File]::WriteAllText($typed, @"
Import-Module '$module'
`$null = Connect-Swarm -Socket '$($nodes[0].Socket)'
function Wait-Go { while (-not (Test-Path '$go')) { [Threading.Thread]::Sleep(20) } }
"columns: `$([Console]::WindowWidth) redirected: `$([Console]::IsOutputRedirected)"
$Line
'the end'
"@)
            $start = [Diagnostics.ProcessStartInfo]::new('script', [string[]]@(
                '--quiet', '--flush', '--return', '--command', "stty cols 80 rows 50; exec '$pwsh' -NoProfile -File '$typed'", $typescript))
            $start.RedirectStandardInput = $true
            $start.RedirectStandardOutput = $true
            $console = [Diagnostics.Process]::Start($start)
            # Nobody looks at the copy: the typescript has the same.
            $null = $console.StandardOutput.ReadToEndAsync()
            $console
        }
        function Stop-Console($Console) {
            [IO.File]::WriteAllText($go, '')
            try { Wait-Until { $Console.HasExited } 'the end of the console' 30 } finally { if (-not $Console.HasExited) { $Console.Kill($true) }; $Console.Dispose() }
        }
    }
    AfterAll { [IO.Directory]::Delete($folder, $true) }
    It 'shows <_> while the command runs, in 80 columns' -ForEach 'Watch-SwarmEvent', 'Get-SwarmNode', 'Get-SwarmService', 'Get-SwarmTask' {
        if (-not (Get-Command script -CommandType Application -ErrorAction Ignore) -or -not $IsLinux) { Set-ItResult -Skipped -Because 'there is no script of util-linux, which makes a pseudo-terminal'; return }
        if ($_ -ne 'Watch-SwarmEvent') { $null = New-SwarmService -Name shown -Image "${redis}:3.0.6" -Wait }
        # A pipeline that has written its objects and goes on.
        $console = Start-Console $(if ($_ -eq 'Watch-SwarmEvent') { 'Watch-SwarmEvent' } else { "& { $_; Wait-Go }" })
        try {
            Wait-Until { (Get-Shown) -match 'columns: 80 redirected: False' } 'the console'
            $expected = @{
                'Watch-SwarmEvent' = '\bworker1\b'; 'Get-SwarmNode' = '(?m)^\w{25} \* manager1 +Ready '
                'Get-SwarmService' = '(?m)^\w+ +shown +replicated +1/1\b'; 'Get-SwarmTask' = 'shown\.1 +\S*redis:3\.0\.6 +\w+ +Running\s+Running '
            }[$_]
            Wait-Until { if ($_ -eq 'Watch-SwarmEvent') { Set-SwarmNode worker1 -Label "n=$([Guid]::NewGuid())" }; (Get-Shown) -match $expected } "the rows of $_ on the console: $expected" 60
            $console.HasExited | Should -BeFalse
            $shown = Get-Shown
            $shown | Should -Not -Match 'the end'
            foreach ($line in $shown -split "`n" | Where-Object { $_ -notmatch '^Script (started|done)' }) { $line.TrimEnd().Length | Should -BeLessOrEqual 80 -Because $line }
        }
        finally {
            # The watch has no end of its own; another test ends one with Ctrl+C.
            if ($_ -eq 'Watch-SwarmEvent') { $console.Kill($true); Set-SwarmNode worker1 -RemoveLabel n -ErrorAction Ignore }
            Stop-Console $console
            if ($_ -ne 'Watch-SwarmEvent') { Remove-SwarmService shown -Force -Wait }
        }
    }
}

Describe 'Sessions' {
    It 'several at once, one of them the default' {
        $other = Connect-Swarm -Socket $nodes[1].Socket -NoDefault
        @(Get-SwarmSession).Count | Should -BeGreaterOrEqual 2
        @(Get-SwarmSession | Where-Object IsDefault).Count | Should -Be 1
        (Get-Swarm -Session $other).Hostname | Should -Be 'worker1'
        (Get-Swarm).Hostname | Should -Be 'manager1'
        Disconnect-Swarm -Session $other
        { Get-Swarm -Session $other -ErrorAction Stop } | Should -Throw -ErrorId 'SessionClosed*'
    }
    It 'a socket where nobody answers is an error that says what to do' {
        { Connect-Swarm -Socket /nowhere/swarmd.sock -ErrorAction Stop } | Should -Throw -ErrorId 'DaemonUnavailable*' -PassThru | Should -BeLike '*Start-SwarmSandbox*'
    }
}

Describe 'Help' {
    It 'the topic <_> shows' -ForEach 'about_Swarm', 'about_Swarm_Services' { (Get-Help $_ | Out-String) | Should -Match 'SHORT DESCRIPTION[\s\S]+LONG DESCRIPTION' }
    It 'every cmdlet has a synopsis, an example, and every parameter a description' {
        foreach ($command in Get-Command -Module Swarm -CommandType Cmdlet) {
            $help = Get-Help $command.Name -Full
            $help.Synopsis | Should -Match '\w \w.*\.\s*$' -Because $command.Name
            # Where it was written by PlatyPS, the code is in the introduction.
            $example = @($help.examples.example)[0]
            "$($example.introduction.Text) $($example.code)" | Should -Match $command.Name -Because $command.Name
            foreach ($parameter in $help.parameters.parameter) {
                ($parameter.description | ForEach-Object Text) -join '' | Should -Not -BeNullOrEmpty -Because "$($command.Name) -$($parameter.name)"
            }
        }
    }
}
