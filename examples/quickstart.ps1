<#
.SYNOPSIS
The walkthrough: a three-node swarm on this machine, from init to self-healing.
.DESCRIPTION
Shows each command and what it answers, checks that it did what it should, ends with exit code 0 and leaves nothing running.
#>
param(
    # Auto takes Docker where an engine answers, and supervised processes elsewhere.
    [ValidateSet('Auto', 'Docker', 'Process')]
    [string] $Executor = 'Process'
)
$ErrorActionPreference = 'Stop'
if (-not (Get-Module Swarm)) {
    $module = $env:SWARM_MODULE ? $env:SWARM_MODULE : (Join-Path $PSScriptRoot .. out Swarm)
    Import-Module (Resolve-Path (Join-Path $module Swarm.psd1))
}

function Write-Title([string] $Text) { Write-Host "`n== $Text" }

# Shows a command as typed at a prompt, runs it, and shows its objects as PowerShell does. $shown holds the objects.
function Show-Step([scriptblock] $Command) {
    # A container that pings docker.com ends where there is no internet; the task of a Process sandbox does not ask.
    if ($containers) { $Command = [scriptblock]::Create($Command.ToString().Replace('docker.com', '127.0.0.1')) }
    Write-Host "`nPS> $("$Command".Trim())"
    $script:shown = @(. $Command)
    # Without a terminal PowerShell takes 80 columns, which these tables do not fit into.
    if ([Console]::IsOutputRedirected) { $shown | Out-String -Width 120 | Write-Host -NoNewline } else { $shown | Out-Default }
}

# An error as it would be shown at a prompt, where the script goes on.
function Show-Error([scriptblock] $Command, [string] $ErrorId) {
    Write-Host "`nPS> $("$Command".Trim())"
    $failure = $null
    try { . $Command } catch { $failure = $_ }
    Assert-True ($null -ne $failure -and $failure.FullyQualifiedErrorId -like "$ErrorId,*") "the error $ErrorId"
    Write-Host "$($failure.InvocationInfo.MyCommand.Name): $failure"
}

function Assert-True([bool] $Condition, [string] $What) { if (-not $Condition) { throw "The quick start expected: $What" } }

function Wait-Until([scriptblock] $Condition, [string] $What, [int] $Seconds = 60) {
    $deadline = [DateTime]::UtcNow.AddSeconds($Seconds)
    while (-not (& $Condition)) {
        if ([DateTime]::UtcNow -ge $deadline) { throw "The quick start waited $Seconds s in vain for: $What" }
        Start-Sleep -Milliseconds 50
    }
}

function Get-Running([string] $Service) { @(Get-SwarmTask -Service $Service | Where-Object { $_.DesiredState -eq 'Running' -and $_.State -eq 'Running' }) }

$containers = $false
try {
    Write-Title 'Three daemons on this machine; no swarm yet'
    $labels = @{
        manager1 = @{ 'com.example.storage' = 'ssd' }; worker1 = @{ 'com.example.storage' = 'hdd' }; worker2 = @{ 'com.example.storage' = 'ssd' }
    }
    Show-Step { Start-SwarmSandbox quickstart -Workers 2 -Executor $Executor -NoSwarm -Label $labels }
    $manager, $worker1, $worker2 = $shown
    $containers = "$((Get-SwarmSandbox quickstart).Executor)" -eq 'Docker'
    $null = Connect-Swarm -Socket $manager.Socket

    Write-Title 'Init'
    Show-Step { Initialize-Swarm -AdvertiseAddress $manager.Address }
    $swarm = $shown[0]
    Assert-True ($swarm.WorkerToken -like 'SWMTKN-1-*') 'a worker token'
    Show-Step { Get-SwarmJoinToken }
    Assert-True (($shown.Role -join ' ') -eq 'Worker Manager') 'both tokens'

    Write-Title 'Join'
    foreach ($worker in $worker1, $worker2) {
        $session = Connect-Swarm -Socket $worker.Socket -NoDefault
        Show-Step { Join-Swarm -Token $swarm.WorkerToken -RemoteAddress $swarm.ManagerAddress -AdvertiseAddress $worker.Address -Session $session }
        Disconnect-Swarm -Session $session
    }
    Wait-Until { @(Get-SwarmNode | Where-Object State -eq 'Ready').Count -eq 3 } 'three nodes Ready'
    Show-Step { Get-SwarmNode }
    Show-Step { Get-Swarm }

    Write-Title 'Create, list, inspect, tasks'
    Show-Step { New-SwarmService -Name helloworld -Image alpine -Command ping, docker.com -Replicas 1 -Wait }
    Show-Step { Get-SwarmService }
    Assert-True ($shown[0].Running -eq 1) 'helloworld runs 1 of 1'
    Show-Step { Get-SwarmService helloworld | Format-List }
    Show-Step { Get-SwarmTask -Service helloworld }

    Write-Title 'Scale'
    Show-Step { Invoke-SwarmScale helloworld 5 -Wait }
    Show-Step { Get-SwarmTask -Service helloworld }
    Assert-True ((Get-Running helloworld).Count -eq 5) 'five running tasks'

    Write-Title 'Rolling update, its history while it runs'
    Show-Step { New-SwarmService -Name redis -Image redis:3.0.6 -Replicas 3 -UpdateDelay 1s -UpdateMonitor 500ms -Wait }
    Show-Step { Set-SwarmService redis -Image redis:3.0.7 }
    Wait-Until { @(Get-SwarmTask -Service redis | Where-Object { $_.Image -like 'redis:3.0.7*' -and $_.State -eq 'Running' }).Count -ge 1 } 'a first task of 3.0.7'
    Show-Step { Get-SwarmTask -Service redis }
    Show-Step { Wait-SwarmService redis }
    $updated = Get-SwarmService redis
    Assert-True ("$($updated.UpdateStatus.State)" -eq 'Completed') 'the update completed'
    Show-Step { Get-SwarmTask -Service redis }

    Write-Title 'An update that fails pauses; undo goes back'
    Show-Step { Set-SwarmService redis -Image redis:bad }
    Wait-Until { "$((Get-SwarmService redis).UpdateStatus.State)" -eq 'Paused' } 'the update paused'
    Show-Step { Get-SwarmService redis }
    Show-Step { "$((Get-SwarmService redis).UpdateStatus)" }
    Show-Step { Get-SwarmTask -Service redis }
    Show-Step { Undo-SwarmService redis -Wait }
    Wait-Until { (Get-Running redis).Count -eq 3 -and (Get-SwarmService redis).Image -like 'redis:3.0.7*' } 'three tasks of 3.0.7 again'
    Show-Step { Get-SwarmServiceRevision redis }

    Write-Title 'Drain a node, and back'
    Show-Step { Set-SwarmNode worker2 -Availability Drain -Wait }
    Show-Step { Get-SwarmNode }
    Show-Step { Get-SwarmTask | Where-Object Node -EQ worker2 }
    Assert-True (@($shown | Where-Object { $_.DesiredState -eq 'Running' }).Count -eq 0) 'nothing should run on worker2'
    Show-Step { Set-SwarmNode worker2 -Availability Active }
    Show-Step { Invoke-SwarmScale helloworld 6 -Wait }
    Show-Step { Get-SwarmTask -Node worker2 -Running }
    Assert-True ($shown.Count -gt 0) 'worker2 gets tasks again'
    Show-Step { Invoke-SwarmScale helloworld 5 -Wait }

    Write-Title 'Global, constraints, and why a task is pending'
    Show-Step { New-SwarmService -Name agent -Image alpine -Command ping, docker.com -Mode Global -Wait }
    Assert-True ((Get-Running agent).Count -eq 3) 'one agent on each node'
    Show-Step { New-SwarmService -Name onssd -Image alpine -Command ping, docker.com -Replicas 2 -Constraint 'engine.labels.com.example.storage==ssd' -Wait }
    Assert-True (@(Get-Running onssd | Where-Object Node -EQ worker1).Count -eq 0) 'worker1 has no ssd'
    Show-Step { New-SwarmService -Name nowhere -Image alpine -Constraint 'node.labels.zone==mars' }
    Wait-Until { @((Get-SwarmTask -Service nowhere).PendingReasons).Count -gt 0 } 'a reason why it is pending'
    Show-Step { (Get-SwarmTask -Service nowhere).PendingReasons }
    Show-Step { Test-SwarmPlacement nowhere }

    Write-Title 'A worker dies; its tasks start elsewhere'
    $lost = @(Get-SwarmTask | Where-Object { $_.Node -eq 'worker1' -and $_.State -eq 'Running' })
    Write-Host "kill -9: swarmd of worker1 (process $($worker1.ProcessId)) and its $($lost.Count) tasks"
    foreach ($id in @($worker1.ProcessId) + @($lost | ForEach-Object ProcessId)) {
        # A task may have ended by itself meanwhile; 0 is a container whose process the engine does not tell.
        if ($id -gt 0) { Stop-Process -Id $id -Force -ErrorAction Ignore }
    }
    Wait-Until { "$((Get-SwarmNode worker1).State)" -eq 'Down' } 'worker1 Down'
    Wait-Until { @(Get-Running helloworld | Where-Object Node -NE worker1).Count -eq 5 } 'five tasks on the nodes that are left'
    Show-Step { Get-SwarmNode }
    Show-Step { Get-SwarmTask -Service helloworld }

    Write-Title 'Remove'
    Show-Step { Remove-SwarmService helloworld, redis, agent, onssd, nowhere -Force }
    Show-Error { Get-SwarmService helloworld -ErrorAction Stop } ServiceNotFound
}
finally {
    Write-Title 'Nothing is left'
    # When it did not even start, that is the error to see.
    Get-SwarmSandbox | Where-Object Name -EQ quickstart | Stop-SwarmSandbox
    Assert-True (@(Get-SwarmSandbox | Where-Object Name -EQ quickstart).Count -eq 0) 'no sandbox left'
}
Write-Host 'The walkthrough ran to its end.'
