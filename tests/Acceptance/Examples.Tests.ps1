# Every example of the help runs as it is written, on a sandbox of processes or of containers that is called as in the help. Only the addresses, tokens and keys that stand
# for the reader's own are replaced by the sandbox's.
BeforeDiscovery {
    $help = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'docs', 'en-US'))
    $examples = foreach ($file in Get-ChildItem $help -Filter *-*.md | Sort-Object Name) {
        $section = [regex]::Match((Get-Content $file -Raw), '(?s)## EXAMPLES(.*?)\n## ').Groups[1].Value
        foreach ($example in [regex]::Matches($section, '(?s)### Example (\d+): ([^\n]+)\n(.*?)(?=\n### |$)')) {
            $code = [regex]::Match($example.Groups[3].Value, '(?s)```powershell\n(.*?)```').Groups[1].Value.Trim()
            @{ Id = "$($file.BaseName) $($example.Groups[1].Value)"; Title = $example.Groups[2].Value; Code = $code }
        }
    }
    # The reason is printed; other tests exercise what these do.
    $elsewhere = @{
        'Initialize-Swarm 2' = 'needs other machines and SSH; tests/Conformance/Tutorial.Tests.ps1 follows these steps'
    }
    if (-not (Get-Command Start-ThreadJob -ErrorAction Ignore)) { $elsewhere['Wait-SwarmService 3'] = 'this PowerShell has no Start-ThreadJob' }
    # Examples that take the swarm apart come last.
    $last = 'Remove-SwarmNode', 'Exit-Swarm', 'Disconnect-Swarm', 'Start-SwarmSandbox', 'Stop-SwarmSandbox'
    $ordered = $examples | Sort-Object -Stable { $last.IndexOf(($_.Id -split ' ')[0]) }
    $ran = $ordered | Where-Object { -not $elsewhere[$_.Id] }
    $left = $ordered | Where-Object { $elsewhere[$_.Id] } | ForEach-Object { $_ + @{ Reason = $elsewhere[$_.Id] } }
}

BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $WarningPreference = 'SilentlyContinue'
    # Examples ask for every sandbox of the user.
    $env:SWARM_SANDBOX_HOME = [IO.Path]::Combine("$TestDrive", 'sandboxes')
    $folder = New-Item ([IO.Path]::Combine("$TestDrive", 'home')) -ItemType Directory
    $null = New-Item ([IO.Path]::Combine($folder, '.swarm')) -ItemType Directory
    $provider = Get-PSProvider FileSystem
    $ownHome = $provider.Home
    $provider.Home = "$folder"
    $ownFolder = $PWD
    Set-Location $folder

    # Files, hosts and rules are not changed.
    $onHost = 'Add-SwarmFirewallRule', 'Remove-SwarmFirewallRule', 'Install-SwarmDaemon', 'Uninstall-SwarmDaemon', 'Install-SwarmEngine', 'Uninstall-SwarmEngine'
    # The examples for a daemon without a swarm run on the spare one, which is outside of any swarm before each.
    $onSpare = 'Initialize-Swarm', 'Join-Swarm', 'Exit-Swarm', 'Unlock-Swarm', 'Get-SwarmUnlockKey', 'Reset-SwarmUnlockKey'
    # The built-in control plane has no networks yet.
    $refused = @{
        'Get-SwarmNetwork 1' = 'NotSupportedByControlPlane'; 'New-SwarmNetwork 1' = 'NotSupportedByControlPlane'
        'New-SwarmNetwork 2' = 'NotSupportedByControlPlane'; 'Remove-SwarmNetwork 1' = 'NotSupportedByControlPlane'
        'New-SwarmNetwork 3' = 'NotSupportedByControlPlane'
    }
    if ($executor -eq 'Process') { $refused += @{ 'New-SwarmService 4' = 'NotSupportedByExecutor'; 'New-SwarmService 5' = 'NotSupportedByExecutor' } }
    # The engine of the tests has no images but its own.
    $standIn = $executor -eq 'Docker' -and -not (& docker image ls --quiet nginx:latest)
    if ($standIn) { $null = Invoke-Native docker tag, web:1, nginx:latest }
    $prepare = @{
        'Exit-Swarm 1' = { $null = Join-Swarm -Token (Get-SwarmJoinToken Worker -Session $main).Token -RemoteAddress $manager.Address }
        'Exit-Swarm 2' = { $null = Initialize-Swarm }
        'Get-SwarmUnlockKey 1' = { $null = Initialize-Swarm -AutoLock }
        'Reset-SwarmUnlockKey 1' = { $null = Initialize-Swarm -AutoLock }
        'New-SwarmNetwork 3' = { Set-Content networks.csv 'Name,Subnet', 'front,10.20.1.0/24', 'back,' }
        'New-SwarmService 6' = { Set-Content services.csv 'Name,Image,Replicas,Env', 'row1,redis:3.0.7,2,A=1;B=2', 'row2,redis:3.0.6,,' }
        'Set-SwarmNode 4' = { Set-Content nodes.csv 'Name,Availability,Label', 'worker1,,disk=ssd;zone=a', 'worker2,Active,' }
        'Set-SwarmService 4' = { Set-Content replicas.csv 'Name,Replicas', 'web,2', 'redis,1' }
        'Join-Swarm 2' = { Set-Variable token (Get-SwarmJoinToken Worker -Session $main).Token -Scope Script }
        'Unlock-Swarm 1' = { Lock-Spare }
        'Unlock-Swarm 2' = { Lock-Spare }
        'Revoke-SwarmCredential 1' = { $null = New-SwarmCredential alice alice.pem -Force }
        'Revoke-SwarmCredential 2' = { $null = New-SwarmCredential alice alice.pem -Force }
        'New-SwarmCredential 1' = { Remove-Item ~/.swarm/admin.pem -ErrorAction Ignore }
        'New-SwarmCredential 2' = { Remove-Item admin.pem -ErrorAction Ignore }
        'Connect-Swarm 1' = { $null = New-SwarmCredential admin ~/.swarm/admin.pem -Force }
        'Test-SwarmHost 2' = { $null = New-SwarmCredential admin ./admin.pem -Force }
        'Undo-SwarmService 1' = { Set-SwarmService redis -Image redis:3.0.7 -Wait }
        'Undo-SwarmService 2' = { Set-SwarmService redis -Image redis:3.0.7 -Wait }
        'Set-SwarmService 2' = { Set-SwarmService web -Env OLD=1 -Constraint node.role==manager -Wait }
        'Remove-SwarmNode 1' = { Stop-ProcessId $worker1.ProcessId; Wait-Until { (Get-SwarmNode worker1).State -eq 'Down' } 'worker1 is Down' }
        'Start-SwarmSandbox 1' = { Stop-SwarmSandbox }
        'Start-SwarmSandbox 2' = { Stop-SwarmSandbox }
        'Start-SwarmSandbox 3' = { Stop-SwarmSandbox }
    }

    function Reset-Spare {
        Get-SwarmSandbox spare -ErrorAction Ignore | Stop-SwarmSandbox
        $script:spare = (Start-SwarmSandbox spare -NoSwarm -Executor $executor)[0]
        $null = Connect-Swarm -Socket $spare.Socket
    }
    function Lock-Spare {
        $script:key = (Initialize-Swarm -AutoLock).UnlockKey
        Stop-ProcessId (Get-SwarmSandbox spare).Nodes[0].ProcessId
        Start-TestNode $spare
        Wait-Until { try { (Get-Swarm).State -eq 'Locked' } catch [Swarm.SwarmException] { $false } } 'the spare manager is locked'
    }
    # The services that the examples name are there, and every node is active.
    function Reset-Services([string] $Code) {
        $new = [regex]::Matches($Code, "New-SwarmService (?:-Name )?([a-z]+)|@\{ Name = '([a-z]+)'").ForEach({ "$($_.Groups[1])$($_.Groups[2])" })
        foreach ($name in $new) { Get-SwarmService $name -ErrorAction Ignore | Remove-SwarmService -Force -Wait }
        $there = @((Get-SwarmService | Where-Object { $_.Replicas -eq 3 -and $_.Image -match '^(alpine|redis:)' }).Name) + $new
        foreach ($name in 'web', 'redis', 'helloworld', 'frontend') {
            if ($name -in $there) { continue }
            Get-SwarmService $name -ErrorAction Ignore | Remove-SwarmService -Force -Wait
            $image = $name -eq 'redis' ? 'redis:3.0.6' : 'alpine'
            # A container of alpine ends at once without a command; the sandbox's image of that name does not.
            $command = $executor -eq 'Docker' -and $name -ne 'redis' ? @{ Command = 'sleep', '1d' } : @{}
            $null = New-SwarmService $name $image -Replicas 3 -StopGracePeriod 1s @command -Wait
        }
        # The spare node joins in some examples, and is gone after each.
        Get-SwarmNode manager1-* | Remove-SwarmNode -Force
        Get-SwarmNode | Where-Object Availability -NE Active | Set-SwarmNode -Availability Active
    }
    function Read-Host { ConvertTo-SecureString $script:key -AsPlainText -Force }

    $box = Start-SwarmSandbox sandbox -Workers 2 -Executor $executor
    $manager, $worker1, $null = $box.Nodes
    $main = Get-SwarmSession | Where-Object IsDefault
}
AfterAll {
    Get-SwarmSandbox | Stop-SwarmSandbox
    if ($standIn) { $null = Invoke-Native docker image, rm, nginx:latest }
    Set-Location $ownFolder
    $provider.Home = $ownHome
    $env:SWARM_SANDBOX_HOME = ''
}

Describe 'The examples of the help' {
    It '<Id>: <Title>' -ForEach $ran {
        $cmdlet = ($Id -split ' ')[0]
        if ($cmdlet -in $onSpare) { Reset-Spare }
        else {
            if (-not (Get-SwarmSandbox sandbox -ErrorAction Ignore)) { $null = Start-SwarmSandbox sandbox -Workers 2 -Executor $executor }
            $null = Connect-Swarm -Socket (Get-SwarmSandbox sandbox).Nodes[0].Socket
            if ($cmdlet -notin $onHost -and $cmdlet -notlike '*-SwarmSandbox') { Reset-Services $Code }
        }
        $main = Get-SwarmSession | Where-Object Endpoint -EQ (Get-SwarmSandbox sandbox).Socket | Select-Object -First 1
        $manager, $worker1, $null = (Get-SwarmSandbox sandbox).Nodes
        if ($prepare[$Id]) { . $prepare[$Id] }

        $address = $cmdlet -eq 'Initialize-Swarm' ? $spare.Address : $manager.Address
        $text = $Code -replace '(192\.168\.0\.1[01]|10\.0\.0\.1)(:2377)?', $address -replace 'SWMTKN-1-[-a-z0-9]+', "`$((Get-SwarmJoinToken Worker -Session `$main).Token)" -replace 'SWMKEY-1-\w+', "$key"
        # These have no end of their own.
        $text = $text -replace '^Watch-SwarmEvent', '$0 -Timeout 1s'
        $ConfirmPreference = 'None'
        $WhatIfPreference = $cmdlet -in $onHost
        $ErrorActionPreference = 'Continue'
        $output = @(& ([scriptblock]::Create($text)) 2>&1)
        $errors = @($output | Where-Object { $_ -is [Management.Automation.ErrorRecord] })
        if ($refused[$Id]) { $errors | ForEach-Object { ($_.FullyQualifiedErrorId -split ',')[0] } | Select-Object -Unique | Should -Be $refused[$Id] }
        else { $errors | ForEach-Object { "$($_.FullyQualifiedErrorId): $_" } | Should -BeNullOrEmpty }
    }
    It '<Id>: <Title>' -ForEach $left { Set-ItResult -Skipped -Because $Reason }
}
