<#
.SYNOPSIS
The same scenario on both control planes, on the same three hosts with an engine each; prints a table.
.DESCRIPTION
Run on a lab of its own, as root, after ./build.sh. Where no pwsh is installed, out/pwsh/pwsh is one:
  LAB=~/.cache/swarm-side LAB_NAME=side LAB_NET=10.96.0 tests/lab/up.sh 3
  LAB=~/.cache/swarm-side LAB_NET=10.96.0 pwsh -NoProfile -File tests/Conformance/SideBySide.ps1
Each step ends when the swarm has converged, by Wait-SwarmService and -Wait. Times are of the wall clock.
#>
param([string[]] $Planes = @('docker', 'builtin'))
$ErrorActionPreference = 'Stop'
Import-Module ([IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'out', 'Swarm', 'Swarm.psd1')))
$lab = if ($env:LAB) { $env:LAB } else { [IO.Path]::Combine([Environment]::GetFolderPath('UserProfile'), '.cache', 'swarm-side') }
$env:LAB = $lab
$net = if ($env:LAB_NET) { $env:LAB_NET } else { '10.96.0' }
$scripts = [IO.Path]::Combine($PSScriptRoot, '..', 'lab')
$node = [IO.Path]::Combine($scripts, 'bin', 'node')
$swarmd = [IO.Path]::Combine($scripts, 'bin', 'swarmd')
$names = 'manager1', 'worker1', 'worker2'
$table = [ordered]@{}

function Say([string] $Text) { [Console]::Out.WriteLine($Text) }
function Invoke-Tool {
    param([string] $Tool, [string[]] $Arguments)
    & $Tool @Arguments | ForEach-Object { }
    if ($LASTEXITCODE -ne 0) { throw "$Tool $Arguments failed." }
}
function Measure-Step {
    param([string] $Plane, [string] $Name, [scriptblock] $Step)
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    & $Step
    if (-not $table.Contains($Name)) { $table[$Name] = @{} }
    $table[$Name][$Plane] = [string]::Format([cultureinfo]::InvariantCulture, '{0:0.00} s', $watch.Elapsed.TotalSeconds)
}
function Get-Socket([string] $Name) { [IO.Path]::Combine($lab, 'nodes', $Name, 'swarmd.sock') }
function Wait-For([scriptblock] $Condition) { while (-not (& $Condition)) { [System.Threading.Thread]::Sleep(20) } }

foreach ($plane in $Planes) {
    $env:PLANE = $plane
    foreach ($name in $names) { Invoke-Tool $swarmd 'start', $name }
    $session = Connect-Swarm -Socket (Get-Socket manager1)
    Measure-Step $plane 'init' { $script:made = Initialize-Swarm -AdvertiseAddress "$net.11" }
    Measure-Step $plane 'two workers join' {
        foreach ($number in 1, 2) {
            $worker = Connect-Swarm -NoDefault -Socket (Get-Socket "worker$number")
            $null = Join-Swarm -Session $worker -Token $made.WorkerToken -RemoteAddress "$net.11:2377" -AdvertiseAddress "$net.2$number"
            Disconnect-Swarm $worker
        }
        Wait-For { @(Get-SwarmNode | Where-Object { "$($_.State)" -eq 'Ready' }).Count -eq 3 }
    }
    $common = @{ Image = 'redis:3.0.6'; StopSignal = 'SIGKILL'; NoResolveImage = $true; WarningAction = 'SilentlyContinue' }
    Measure-Step $plane 'create 1' { $null = New-SwarmService -Name k @common -Wait }
    $from = 1
    foreach ($count in 5, 50, 100, 5) {
        Measure-Step $plane "scale from $from to $count" { Invoke-SwarmScale k $count -Wait }
        $from = $count
    }
    $null = New-SwarmService -Name u -Replicas 6 -UpdateParallelism 2 -UpdateMonitor 1s @common -Wait
    Measure-Step $plane 'update of 6, 2 at a time, monitor 1 s' { Set-SwarmService u -Image redis:3.0.7 -NoResolveImage -Wait }
    Measure-Step $plane 'drain worker2' { Set-SwarmNode worker2 -Availability Drain -Wait }
    Set-SwarmNode worker2 -Availability Active
    Restart-SwarmService u -Wait
    Measure-Step $plane 'worker2 loses power: its tasks run elsewhere' {
        Invoke-Tool $node 'crash', 'worker2'
        Wait-For { @(Get-SwarmTask -Service u | Where-Object { "$($_.State)" -eq 'Running' -and "$($_.DesiredState)" -eq 'Running' -and $_.Node -ne 'worker2' }).Count -eq 6 }
    }
    Invoke-Tool $node 'boot', 'worker2'
    Invoke-Tool $swarmd 'start', 'worker2'
    foreach ($call in 'Get-SwarmService', 'Get-SwarmNode', 'Get-SwarmTask') {
        $times = foreach ($i in 1..30) { $watch = [System.Diagnostics.Stopwatch]::StartNew(); $null = & $call; $watch.Elapsed.TotalMilliseconds }
        $sorted = [double[]] $times
        [Array]::Sort($sorted)
        if (-not $table.Contains("$call, median of 30")) { $table["$call, median of 30"] = @{} }
        $table["$call, median of 30"][$plane] = [string]::Format([cultureinfo]::InvariantCulture, '{0:0.0} ms', $sorted[15])
    }
    foreach ($service in Get-SwarmService) { Remove-SwarmService $service.Name -Force -Wait }
    Disconnect-Swarm $session
    foreach ($name in 'worker2', 'worker1', 'manager1') { Invoke-Tool $swarmd 'remove', $name }
}
Say "| Step | $($Planes -join ' | ') |"
Say "|---|$('---|' * $Planes.Count)"
foreach ($step in $table.Keys) { Say "| $step | $(@(foreach ($plane in $Planes) { $table[$step][$plane] }) -join ' | ') |" }
