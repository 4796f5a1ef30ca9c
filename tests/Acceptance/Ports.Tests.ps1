# Row W21 of the walkthrough: every node answers on a published port, wherever the tasks run.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $nodes = Start-TestSwarm acceptance-ports
    $WarningPreference = 'SilentlyContinue'
    $server = if ($executor -eq 'Process') { @{ Image = 'http:1' } } else { @{ Image = "${web}:1"; Command = 'web', '80'; StopSignal = 'KILL' } }
    $newer = if ($executor -eq 'Process') { 'http:2' } else { "${web}:2" }
    function Get-Answer([string]$node, [int]$port) {
        $address = ($nodes | Where-Object Name -EQ $node).Address -replace ':\d+$'
        # Nothing: nobody answers.
        "$(& curl --silent --max-time 10 "http://${address}:$port/")"
    }
}
AfterAll { Stop-TestSwarm acceptance-ports }

Describe 'A published port' {
    It 'is answered by every node, and the tasks take turns' {
        $service = New-SwarmService -Name web @server -Replicas 2 -Publish 8080:80/tcp -RestartDelay 0s -Wait
        "$($service.Ports)" | Should -Be '*:8080->80/tcp'
        $service | Show-Text | Should -Match '\*:8080->80/tcp'
        $tasks = @(foreach ($task in Get-RunningTask web) { $task.ContainerId.Substring(0, 12) })
        foreach ($node in $nodes.Name) {
            Wait-Until { (Get-Answer $node 8080) -like '* version=1' } "an answer of $node"
            $answers = @(1..4 | ForEach-Object { (Get-Answer $node 8080) -replace ' .*' })
            @($answers | Group-Object).Count | Should -Be 2
            foreach ($answer in $answers) { $answer | Should -BeIn $tasks }
        }
    }
    It 'is one service''s, and -WhatIf says so too' {
        { New-SwarmService -Name second @server -Publish 8080:80 -ErrorAction Stop } | Should -Throw -ErrorId 'PortInUse*' -ExpectedMessage '*8080/tcp*service web*'
        { New-SwarmService -Name second @server -Publish 8080:80 -WhatIf -ErrorAction Stop } | Should -Throw -ErrorId 'PortInUse*'
        { Get-SwarmService second -ErrorAction Stop } | Should -Throw -ErrorId 'ServiceNotFound*'
    }
    It 'is chosen where none is named, and kept' {
        $chosen = (New-SwarmService -Name chosen @server -Publish 80 -Wait).Ports[0].Published
        $chosen | Should -BeGreaterOrEqual 30000
        $chosen | Should -BeLessOrEqual 32767
        Wait-Until { (Get-Answer $nodes[0].Name $chosen) -like '* version=1' } 'an answer on the chosen port'
        Set-SwarmService chosen -Label a=b
        (Get-SwarmService chosen).Ports[0].Published | Should -Be $chosen
        Remove-SwarmService chosen -Force -Wait
    }
    It 'is read without quotes in docker''s comma syntax' {
        "$((New-SwarmService -Name comma @server -Publish published=8085,target=80 -Wait).Ports)" | Should -Be '*:8085->80/tcp'
        Wait-Until { (Get-Answer $nodes[0].Name 8085) -like '* version=1' } 'an answer'
        Remove-SwarmService comma -Force -Wait
    }
    It 'follows an update, a scale and a drain' {
        Set-SwarmService web -Image $newer -Wait
        foreach ($node in $nodes.Name) { Get-Answer $node 8080 | Should -BeLike '* version=2' }
        Invoke-SwarmScale web=1 -Wait
        $only = (Get-RunningTask web).ContainerId.Substring(0, 12)
        foreach ($node in $nodes.Name) { Get-Answer $node 8080 | Should -BeLike "$only *" }
        Set-SwarmNode (Get-RunningTask web).Node -Availability Drain -Wait
        Wait-SwarmService web
        $moved = (Get-RunningTask web).ContainerId.Substring(0, 12)
        $moved | Should -Not -Be $only
        foreach ($node in $nodes.Name) { Get-Answer $node 8080 | Should -BeLike "$moved *" }
        Get-SwarmNode | Where-Object Availability -EQ Drain | Set-SwarmNode -Availability Active
    }
    It 'is added to a service and taken from it' {
        Set-SwarmService web -Publish 8082:80 -Wait
        Wait-Until { (Get-Answer $nodes[1].Name 8082) -like '* version=2' } 'an answer on the further port'
        Set-SwarmService web -RemovePublish 80 -Wait
        (Get-SwarmService web).Ports | Should -BeNullOrEmpty
        Wait-Until { (Get-Answer $nodes[1].Name 8080) -eq '' -and (Get-Answer $nodes[1].Name 8082) -eq '' } 'ports that are closed'
    }
    It 'is closed when the service is gone' {
        $null = New-SwarmService -Name gone @server -Publish 8083:80 -Wait
        Wait-Until { (Get-Answer $nodes[2].Name 8083) -like '* version=1' } 'an answer'
        Remove-SwarmService gone -Force -Wait
        Wait-Until { (Get-Answer $nodes[2].Name 8083) -eq '' } 'a port that is closed'
    }
    It 'of the wrong kind is refused by name' {
        { New-SwarmService -Name wrong @server -Publish 8084:0 -ErrorAction Stop } | Should -Throw -ErrorId '*'
        { New-SwarmService -Name wrong @server -Publish 70000:80 -ErrorAction Stop } | Should -Throw -ErrorId '*'
        { New-SwarmService -Name wrong @server -Publish 8084:80, 8084:81 -ErrorAction Stop } | Should -Throw -ErrorId 'DuplicatePort*'
    }
}
