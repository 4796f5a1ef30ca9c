<#
.SYNOPSIS
The walkthrough: a three-node swarm on this machine, from init to self-healing.
.DESCRIPTION
Shows each command and what it answers, checks that it did what it should, ends with exit code 0 and leaves nothing running.
Uses only what pwsh and the engine alone (build.sh) both have.
#>
param(
    # Auto takes Docker where an engine answers, and supervised processes elsewhere.
    [ValidateSet('Auto', 'Docker', 'Process')]
    [string] $Executor = 'Process'
)
$ErrorActionPreference = 'Stop'
if (-not (Get-Module Swarm)) {
    $module = if ($env:SWARM_MODULE) { $env:SWARM_MODULE } else { [IO.Path]::Combine($PSScriptRoot, '..', 'out', 'Swarm') }
    Import-Module ([IO.Path]::GetFullPath([IO.Path]::Combine($module, 'Swarm.psd1')))
}

function Title([string] $Text) { "`n== $Text" | Out-Default }

# Shows a command as typed at a prompt, runs it, and shows its objects as PowerShell does. $shown holds the objects.
function Show([scriptblock] $Command) {
    # A container that pings docker.com ends where there is no internet; the task of a Process sandbox does not ask.
    if ($containers) { $Command = [scriptblock]::Create($Command.ToString().Replace('docker.com', '127.0.0.1')) }
    "`nPS> " + $Command.ToString().Trim() | Out-Default
    $script:shown = @(. $Command)
    $script:shown | Out-Default
}

# An error as it would be shown at a prompt, where the script goes on.
function ShowError([scriptblock] $Command, [string] $ErrorId) {
    "`nPS> " + $Command.ToString().Trim() | Out-Default
    $failure = $null
    try { . $Command } catch { $failure = $_ }
    Assert ($null -ne $failure -and $failure.FullyQualifiedErrorId -like "$ErrorId,*") "the error $ErrorId"
    "$($failure.InvocationInfo.MyCommand.Name): $failure" | Out-Default
}

function Assert([bool] $Condition, [string] $What) { if (-not $Condition) { throw "The quick start expected: $What" } }

function Wait-Until([scriptblock] $Condition, [string] $What, [int] $Seconds = 60) {
    $deadline = [DateTime]::UtcNow.AddSeconds($Seconds)
    while (-not (& $Condition)) {
        if ([DateTime]::UtcNow -ge $deadline) { throw "The quick start waited $Seconds s in vain for: $What" }
        [System.Threading.Thread]::Sleep(50)
    }
}

function Get-Running([string] $Service) { @(Get-SwarmTask -Service $Service | Where-Object { $_.DesiredState -eq 'Running' -and $_.State -eq 'Running' }) }

$containers = $false
try {
    Title 'Three daemons on this machine; no swarm yet'
    $labels = @{
        manager1 = @{ 'com.example.storage' = 'ssd' }; worker1 = @{ 'com.example.storage' = 'hdd' }; worker2 = @{ 'com.example.storage' = 'ssd' }
    }
    Show { Start-SwarmSandbox quickstart -Workers 2 -Executor $Executor -NoSwarm -Label $labels }
    $manager, $worker1, $worker2 = $shown
    $containers = "$((Get-SwarmSandbox quickstart).Executor)" -eq 'Docker'
    $null = Connect-Swarm -Socket $manager.Socket

    Title 'Init'
    Show { Initialize-Swarm -AdvertiseAddress $manager.Address }
    $swarm = $shown[0]
    Assert ($swarm.WorkerToken -like 'SWMTKN-1-*') 'a worker token'
    Show { Get-SwarmJoinToken }
    Assert (($shown.Role -join ' ') -eq 'Worker Manager') 'both tokens'

    Title 'Join'
    foreach ($worker in $worker1, $worker2) {
        $session = Connect-Swarm -Socket $worker.Socket -NoDefault
        Show { Join-Swarm -Token $swarm.WorkerToken -RemoteAddress $swarm.ManagerAddress -AdvertiseAddress $worker.Address -Session $session }
        Disconnect-Swarm -Session $session
    }
    Wait-Until { @(Get-SwarmNode | Where-Object State -eq 'Ready').Count -eq 3 } 'three nodes Ready'
    Show { Get-SwarmNode }
    Show { Get-Swarm }

    Title 'Create, list, inspect, tasks'
    Show { New-SwarmService -Name helloworld -Image alpine -Command ping, docker.com -Replicas 1 -Wait }
    Show { Get-SwarmService }
    Assert ($shown[0].Running -eq 1) 'helloworld runs 1 of 1'
    Show { Get-SwarmService helloworld | Format-List }
    Show { Get-SwarmTask -Service helloworld }

    Title 'Scale'
    Show { Invoke-SwarmScale helloworld 5 -Wait }
    Show { Get-SwarmTask -Service helloworld }
    Assert ((Get-Running helloworld).Count -eq 5) 'five running tasks'

    Title 'Rolling update, its history while it runs'
    Show { New-SwarmService -Name redis -Image redis:3.0.6 -Replicas 3 -UpdateDelay 1s -UpdateMonitor 500ms -Wait }
    Show { Set-SwarmService redis -Image redis:3.0.7 }
    Wait-Until { @(Get-SwarmTask -Service redis | Where-Object { $_.Image -like 'redis:3.0.7*' -and $_.State -eq 'Running' }).Count -ge 1 } 'a first task of 3.0.7'
    Show { Get-SwarmTask -Service redis }
    Show { Wait-SwarmService redis }
    $updated = Get-SwarmService redis
    Assert ("$($updated.UpdateStatus.State)" -eq 'Completed') 'the update completed'
    Show { Get-SwarmTask -Service redis }

    Title 'An update that fails pauses; undo goes back'
    Show { Set-SwarmService redis -Image redis:bad }
    Wait-Until { "$((Get-SwarmService redis).UpdateStatus.State)" -eq 'Paused' } 'the update paused'
    Show { Get-SwarmService redis }
    Show { "$((Get-SwarmService redis).UpdateStatus)" }
    Show { Get-SwarmTask -Service redis }
    Show { Undo-SwarmService redis -Wait }
    Wait-Until { (Get-Running redis).Count -eq 3 -and (Get-SwarmService redis).Image -like 'redis:3.0.7*' } 'three tasks of 3.0.7 again'
    Show { Get-SwarmServiceRevision redis }

    Title 'Drain a node, and back'
    Show { Set-SwarmNode worker2 -Availability Drain -Wait }
    Show { Get-SwarmNode }
    Show { Get-SwarmTask | Where-Object Node -EQ worker2 }
    Assert (@($shown | Where-Object { $_.DesiredState -eq 'Running' }).Count -eq 0) 'nothing should run on worker2'
    Show { Set-SwarmNode worker2 -Availability Active }
    Show { Invoke-SwarmScale helloworld 6 -Wait }
    Show { Get-SwarmTask -Node worker2 -Running }
    Assert ($shown.Count -gt 0) 'worker2 gets tasks again'
    Show { Invoke-SwarmScale helloworld 5 -Wait }

    Title 'Global, constraints, and why a task is pending'
    Show { New-SwarmService -Name agent -Image alpine -Command ping, docker.com -Mode Global -Wait }
    Assert ((Get-Running agent).Count -eq 3) 'one agent on each node'
    Show { New-SwarmService -Name onssd -Image alpine -Command ping, docker.com -Replicas 2 -Constraint 'engine.labels.com.example.storage==ssd' -Wait }
    Assert (@(Get-Running onssd | Where-Object Node -EQ worker1).Count -eq 0) 'worker1 has no ssd'
    Show { New-SwarmService -Name nowhere -Image alpine -Constraint 'node.labels.zone==mars' }
    Wait-Until { @((Get-SwarmTask -Service nowhere).PendingReasons).Count -gt 0 } 'a reason why it is pending'
    Show { (Get-SwarmTask -Service nowhere).PendingReasons }
    Show { Test-SwarmPlacement nowhere }

    Title 'A worker dies; its tasks start elsewhere'
    $lost = @(Get-SwarmTask | Where-Object { $_.Node -eq 'worker1' -and $_.State -eq 'Running' })
    "kill -9: swarmd of worker1 (process $($worker1.ProcessId)) and its $($lost.Count) tasks" | Out-Default
    foreach ($id in @($worker1.ProcessId) + @($lost | ForEach-Object ProcessId)) {
        # A process may have ended by itself meanwhile; 0 is a container whose process id the engine does not report.
        if ($id -gt 0) { try { [Diagnostics.Process]::GetProcessById($id).Kill() } catch [ArgumentException] { $null = $_ } }
    }
    Wait-Until { "$((Get-SwarmNode worker1).State)" -eq 'Down' } 'worker1 Down'
    Wait-Until { @(Get-Running helloworld | Where-Object Node -NE worker1).Count -eq 5 } 'five tasks on the nodes that are left'
    Show { Get-SwarmNode }
    Show { Get-SwarmTask -Service helloworld }

    Title 'Remove'
    Show { Remove-SwarmService helloworld, redis, agent, onssd, nowhere -Force }
    ShowError { Get-SwarmService helloworld -ErrorAction Stop } ServiceNotFound
}
finally {
    Title 'Nothing is left'
    Stop-SwarmSandbox quickstart
    Assert (@(Get-SwarmSandbox | Where-Object Name -EQ quickstart).Count -eq 0) 'no sandbox left'
}
'The walkthrough ran to its end.' | Out-Default
