<#
.SYNOPSIS
Measures the product from outside, on a sandbox: round trips, scaling, self-healing; prints a Markdown table.
.DESCRIPTION
Needs out/Swarm and the benchmarks (./build.sh Bench does all of it). Where no pwsh is installed, out/pwsh/pwsh is one.
With -Executor Docker the same containers are also made through the engine's plain API, in the same run, and the two are compared.
Seconds are judged by whoever reads them; nothing fails for being slow.
.EXAMPLE
tests/Swarm.Benchmarks/endtoend.ps1 -Executor Docker
#>
param(
    [ValidateSet('Docker', 'Process')]
    [string] $Executor = 'Process',
    # For each scaling, and for the plain API at its best parallelism.
    [int] $Runs = 5,
    # Tasks added to five by each scaling. The figures to reach are those of 95.
    [int] $Added = 95,
    # Workers killed, with the Process executor.
    [int] $Kills = 7,
    # The sandbox: 2 workers make three nodes; with Docker they share the engine.
    [int] $Workers = 2,
    # Program of the benchmarks, for the plain API.
    [string] $Benchmarks = [IO.Path]::Combine($PSScriptRoot, 'bin', 'Release', 'net10.0', 'Swarm.Benchmarks.dll')
)
$ErrorActionPreference = 'Stop'
$module = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'out', 'Swarm', 'Swarm.psd1'))
Import-Module $module -Global

function Measure-Block([scriptblock] $Block) {
    $start = [Diagnostics.Stopwatch]::GetTimestamp()
    $null = & $Block
    [Diagnostics.Stopwatch]::GetElapsedTime($start).TotalSeconds
}
function Get-Median([double[]] $Values) {
    $sorted = [double[]]$Values.Clone()
    [Array]::Sort($sorted)
    ($sorted[[Math]::Floor(($sorted.Length - 1) / 2)] + $sorted[[Math]::Floor($sorted.Length / 2)]) / 2
}
function Out-Row([string] $What, [double[]] $Values, [string] $Unit, [double] $Factor, [string] $ToReach) {
    $format = { param($value) ($value * $Factor).ToString('0.00', [Globalization.CultureInfo]::InvariantCulture) }
    "| $What | $(& $format (Get-Median $Values)) $Unit | $(& $format ([Linq.Enumerable]::Min($Values))) | $(& $format ([Linq.Enumerable]::Max($Values))) | $($Values.Length) | $ToReach |" | Out-Default
}
function Wait-Until([string] $What, [scriptblock] $Condition) {
    $deadline = [DateTime]::UtcNow.AddSeconds(120)
    while (-not (& $Condition)) {
        if ([DateTime]::UtcNow -ge $deadline) { throw "Waited two minutes in vain for: $What" }
        [Threading.Thread]::Sleep(10)
    }
}

# The time from SIGKILL of a worker's daemon and of its tasks until as many tasks as before run elsewhere. Then the daemon is started again,
# without tasks. So the victim is always the worker with the most tasks.
function Measure-Kill($Sandbox, [string] $Service, [int] $Replicas) {
    $running = @(Get-SwarmTask -Service $Service | Where-Object { $_.State -eq 'Running' -and $_.Node -like 'worker*' })
    if ($running.Count -eq 0) { throw 'No task runs on a worker: there is nothing to measure.' }
    $lost = @()
    foreach ($name in $daemons.Keys) {
        $own = @($running | Where-Object Node -EQ $name)
        if ($own.Count -gt $lost.Count) { $lost = $own }
    }
    $worker = $lost[0].Node
    $node = $Sandbox.Nodes | Where-Object Name -EQ $worker
    $doomed = @(@($daemons[$worker]) + @($lost | ForEach-Object ProcessId) | ForEach-Object { [Diagnostics.Process]::GetProcessById($_) })
    Measure-Block {
        foreach ($process in $doomed) { $process.Kill() }
        Wait-Until "$Replicas tasks away from $worker" {
            @(Get-SwarmTask -Service $Service | Where-Object { $_.Node -ne $worker -and $_.State -eq 'Running' -and $_.DesiredState -eq 'Running' }).Count -eq $Replicas
        }
    }
    $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
    foreach ($word in @('-c', 'log=$1; shift; exec setsid "$@" >>"$log" 2>&1', 'sh', $node.LogPath) + $node.CommandLine) { $start.ArgumentList.Add($word) }
    $again = [Diagnostics.Process]::Start($start)
    $daemons[$worker] = $again.Id
    $startedHere[$worker] = $again
    Wait-Until "$worker back" { (Get-SwarmNode $worker).State -eq 'Ready' }
}

$sandbox = Start-SwarmSandbox -Workers $Workers -Executor $Executor
try {
    $nodes = if ($Workers) { "$($Workers + 1) nodes" } else { 'one node' }
    $null = New-SwarmService -Name bench -Image alpine -Command sleep, 100000 -StopSignal SIGKILL -Replicas 5 -Wait
    '| Measurement | median | min | max | n | to reach |' | Out-Default
    '|---|---:|---:|---:|---:|---|' | Out-Default

    if ($Executor -eq 'Process') {
        foreach ($i in 1..50) { $null = Get-SwarmService bench }
        $trips = foreach ($i in 1..300) { Measure-Block { Get-SwarmService bench } }
        Out-Row 'Get-SwarmService NAME, round trip on the local socket' $trips 'ms' 1000 '< 3 ms'
    }
    else {
        $like = (Get-SwarmTask -Service bench)[0].ContainerId
        $plain = @{}
        function Measure-PlainApi([int] $InFlight) {
            $seconds = & dotnet $Benchmarks engine --like $like --count $Added --in-flight $InFlight
            if ($LASTEXITCODE -ne 0) { throw 'The plain API could not be measured.' }
            [double]::Parse($seconds, [Globalization.CultureInfo]::InvariantCulture)
        }
        $best = 0
        foreach ($inFlight in 2, 4, 8, 16) {
            $plain[$inFlight] = @(Measure-PlainApi $inFlight)
            if (-not $best -or $plain[$inFlight][0] -lt $plain[$best][0]) { $best = $inFlight }
        }
    }

    $up = @(); $down = @()
    foreach ($run in 1..$Runs) {
        $up += Measure-Block { Invoke-SwarmScale bench (5 + $Added) -Wait }
        $down += Measure-Block { Invoke-SwarmScale bench 5 -Wait }
        # In turns, so that a slow period of the machine affects both.
        if ($Executor -eq 'Docker' -and $run -lt $Runs) { $plain[$best] += Measure-PlainApi $best }
    }
    $toReach = '< 3 s'
    if ($Executor -eq 'Docker') {
        foreach ($inFlight in 2, 4, 8, 16) { Out-Row "$Added containers through the engine's plain API, $inFlight in flight" $plain[$inFlight] 's' 1 '' }
        $medians = foreach ($values in $plain.Values) { Get-Median $values }
        $ratio = (Get-Median $up) / [Linq.Enumerable]::Min([double[]]$medians)
        $toReach = "<= 1.1 x the plain API's best; is $($ratio.ToString('0.00', [Globalization.CultureInfo]::InvariantCulture)) x"
    }
    Out-Row "Invoke-SwarmScale 5 -> $(5 + $Added) until all run, $Executor executor, $nodes" $up 's' 1 $toReach
    Out-Row "Invoke-SwarmScale $(5 + $Added) -> 5, $Executor executor, $nodes" $down 's' 1 ''

    if ($Executor -eq 'Process' -and $Workers -ge 2 -and -not $IsWindows) {
        $null = Remove-SwarmService bench -Confirm:$false
        $daemons = @{}
        $startedHere = @{}
        foreach ($node in $sandbox.Nodes) { $daemons[$node.Name] = $node.ProcessId }
        # A new service each time: a service avoids a node on which its tasks failed often, and soon no task would be on a worker.
        $heals = foreach ($kill in 1..$Kills) {
            $null = New-SwarmService -Name "heal$kill" -Image alpine -Command sleep, 100000 -StopSignal SIGKILL -Replicas 9 -Wait
            Measure-Kill $sandbox "heal$kill" 9
            $null = Remove-SwarmService "heal$kill" -Confirm:$false
        }
        Out-Row 'Worker killed (daemon and tasks, SIGKILL) until 9 of 9 run elsewhere' $heals 's' 1 '< 4 s'
    }
}
finally {
    # The sandbox does not know the daemons that this script started, and ends only its own. To leave, it starts each node's daemon again.
    if ($startedHere) { foreach ($process in $startedHere.Values) { $process.Kill(); $process.WaitForExit() } }
    Stop-SwarmSandbox $sandbox.Name
}
