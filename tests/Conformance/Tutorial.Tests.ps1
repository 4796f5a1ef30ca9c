# Runs every command of docs/tutorial-docker.md, in its order, on a Docker Swarm of three hosts. Addresses and images are the lab's, and
# long waits are shorter.
# The lab's hosts have their swarmd, and share a root in which no other is installed. ../Acceptance/Tutorial.Tests.ps1 installs it, on
# machines of its own.
BeforeDiscovery {
    $skip = -not $env:SWARM_ACCEPTANCE_LAB -or $env:SWARM_ACCEPTANCE_PLANE -ne 'docker'
    if ($skip) { [Console]::Out.WriteLine('skipped: the tutorial needs a Docker Swarm of several hosts (SWARM_ACCEPTANCE_LAB, SWARM_ACCEPTANCE_PLANE=docker)') }
    $text = [IO.File]::ReadAllText([IO.Path]::Combine($PSScriptRoot, '..', '..', 'docs', 'tutorial-docker.md'))
    $steps = foreach ($section in [regex]::Matches($text, '(?ms)^## (?<title>[^\n]+)\n(?<text>.*?)(?=^## |\z)')) {
        $blocks = @(foreach ($block in [regex]::Matches($section.Groups['text'].Value, '(?ms)^```powershell\n(.*?)^```')) { $block.Groups[1].Value })
        if ($blocks) { @{ Title = $section.Groups['title'].Value; Blocks = $blocks } }
    }
}
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, '..', 'Acceptance', 'Common.ps1'))
    if ($dockerSwarm) {
        $manager, $worker1, $worker2 = Start-TestSwarm tutorial -NoSwarm
        $WarningPreference = 'SilentlyContinue'
        $ConfirmPreference = 'None' # nobody is there to confirm
        $folder = [IO.Directory]::CreateTempSubdirectory('swarm-tutorial-').FullName
        # Replaces the tutorial's addresses and images by the lab's.
        function ConvertTo-Lab {
            param([string] $Text)
            $Text = $Text -replace '(?m)^(Import-Module Swarm|Install-SwarmDaemon)$' -replace '10\.0\.0\.', "$labNetwork." -replace 'docker\.com', '127.0.0.1 -StopSignal KILL' -replace '\./me\.pem', [IO.Path]::Combine($folder, 'me.pem')
            $Text = $Text -replace '-Image alpine', "-Image $alpine" -replace '-Image nginx', "-Image ${web}:1" -replace '-Image redis(?!:)', "-Image ${redis}:3.0.7" -replace '-Image redis:', "-Image ${redis}:"
            $Text -replace '-UpdateDelay 10s -Wait', '-UpdateDelay 1s -UpdateMonitor 1s -RollbackMonitor 1s -Wait' -replace 'Watch-SwarmEvent.*', '$0 -Timeout 1s'
        }
        # Runs on the daemon of a worker, like a person at its console.
        function Invoke-OnWorker {
            param($Node, [string] $Text)
            $null = Connect-Swarm -Socket $Node.Socket
            $null = & ([scriptblock]::Create($Text))
            $null = Connect-Swarm -Socket $manager.Socket
        }
    }
}
AfterAll {
    if ($dockerSwarm) {
        Stop-TestSwarm tutorial
        [IO.Directory]::Delete($folder, $true)
    }
}

Describe 'The tutorial' -Skip:$skip {
    It '<title>' -ForEach $steps {
        foreach ($block in $blocks) {
            $commands = ConvertTo-Lab $block
            if ($commands -match 'SWMTKN') {
                $token = (Get-SwarmJoinToken Worker).Token
                foreach ($node in $worker1, $worker2) { Invoke-OnWorker $node ($commands -replace 'SWMTKN-1-\S+', $token) }
                Wait-Until { @(Get-SwarmNode | Where-Object State -EQ Ready).Count -eq 3 } 'three nodes'
            }
            elseif ($commands -match '-Role') {
                # A change of a role appears in the column MANAGER, as the tutorial says; the next change waits for it.
                foreach ($line in $commands.Trim().Split("`n")) {
                    $null = & ([scriptblock]::Create($line))
                    if ($line -match 'Set-SwarmNode (\w+) -Role (\w+)') {
                        $name, $expected = $Matches[1], $(if ($Matches[2] -eq 'Manager') { 'Reachable' } else { 'None' })
                        Wait-Until { try { "$((Get-SwarmNode $name -ErrorAction Stop).ManagerStatus)" -eq $expected } catch { $false } } "$name $expected"
                    }
                }
            }
            # In this scope, because later steps use the variables of earlier ones.
            else { $null = . ([scriptblock]::Create($commands)) }
        }
    }
    It 'leaves what it says' {
        (Get-SwarmService).Name | Should -Be 'agent', 'cache', 'east', 'redis', 'small', 'web'
        foreach ($name in 'agent', 'cache', 'east', 'redis', 'small', 'web') { Wait-SwarmService $name }
        "$((Get-SwarmService small).LimitMemory) $((Get-SwarmService small).UpdateConfig.Delay)" | Should -Be "$(128MB) 00:00:10"
        @(Get-RunningTask east | Where-Object Node -NE worker1).Count | Should -Be 0
        @(Get-RunningTask cache | Where-Object Node -EQ worker2).Count | Should -Be 0
        (Get-SwarmService redis).Image | Should -BeLike "${redis}:3.0.7*"
        @(Get-SwarmNode | Where-Object ManagerStatus -NE None).Name | Should -Be 'manager1'
    }
}
