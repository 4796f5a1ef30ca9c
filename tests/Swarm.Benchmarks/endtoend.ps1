<#
.SYNOPSIS
Measures the product from outside: scaling, self-healing, round trips, import; prints a table with the machine.
.DESCRIPTION
Needs out/Swarm (./build.sh Build). With -Executor Docker the same containers are also made through the engine's plain API in the same run.
#>
param(
    [ValidateSet('Docker', 'Process')]
    [string] $Executor = 'Process',
    [int] $Runs = 3
)
$ErrorActionPreference = 'Stop'
$module = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'out', 'Swarm', 'Swarm.psd1'))

function Measure-Block([scriptblock] $Block) {
    $start = [Diagnostics.Stopwatch]::GetTimestamp()
    $null = & $Block
    [Diagnostics.Stopwatch]::GetElapsedTime($start).TotalSeconds
}
function Get-Median([double[]] $Values) { $sorted = [double[]]$Values.Clone(); [Array]::Sort($sorted); $sorted[[Math]::Floor($sorted.Length / 2)] }
function Row([string] $What, [double[]] $Values, [string] $Unit, [double] $Factor = 1) {
    '{0,-68} {1,9:0.00} {2} (min {3:0.00}, max {4:0.00}, n={5})' -f $What, ((Get-Median $Values) * $Factor), $Unit,
    ([Linq.Enumerable]::Min($Values) * $Factor), ([Linq.Enumerable]::Max($Values) * $Factor), $Values.Length | Out-Default
}

"Machine: $([Environment]::ProcessorCount) cores, $([Math]::Round([GC]::GetGCMemoryInfo().TotalAvailableMemoryBytes / 1GB)) GiB, $([Runtime.InteropServices.RuntimeInformation]::OSDescription), $([Runtime.InteropServices.RuntimeInformation]::FrameworkDescription)" | Out-Default
$import = Measure-Block { Import-Module $module -Global }
Row 'Import-Module, first in this process' @($import) 'ms' 1000

$sandbox = Start-SwarmSandbox -Workers 2 -Executor $Executor
try {
    $null = New-SwarmService -Name bench -Image alpine -Command sleep, 100000 -StopSignal SIGKILL -Replicas 5 -Wait
    $null = Get-SwarmService bench
    $trips = foreach ($i in 1..200) { Measure-Block { Get-SwarmService bench } }
    Row 'Get-SwarmService, local socket' $trips 'ms' 1000

    $up = @(); $down = @()
    foreach ($run in 1..$Runs) {
        $up += Measure-Block { Invoke-SwarmScale bench 100 -Wait }
        $down += Measure-Block { Invoke-SwarmScale bench 5 -Wait }
    }
    Row "Invoke-SwarmScale 5 -> 100 until all run, $Executor executor, 3 nodes" $up 's'
    Row "Invoke-SwarmScale 100 -> 5, $Executor executor, 3 nodes" $down 's'

    $null = Invoke-SwarmScale bench 9 -Wait
    $heal = Measure-Block {
        $worker1 = $sandbox.Nodes | Where-Object Name -EQ worker1
        $lost = @(Get-SwarmTask -Service bench | Where-Object { $_.Node -eq 'worker1' -and $_.State -eq 'Running' })
        foreach ($id in @($worker1.ProcessId) + @($lost | ForEach-Object ProcessId)) { if ($id -gt 0) { [Diagnostics.Process]::GetProcessById($id).Kill() } }
        while (@(Get-SwarmTask -Service bench | Where-Object { $_.Node -ne 'worker1' -and $_.State -eq 'Running' -and $_.DesiredState -eq 'Running' }).Count -lt 9) {
            [System.Threading.Thread]::Sleep(20)
        }
    }
    Row 'worker killed (daemon and tasks, SIGKILL) until its tasks run elsewhere' @($heal) 's'
}
finally { Stop-SwarmSandbox $sandbox.Name }
