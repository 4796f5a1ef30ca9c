# Dot-sourced by the acceptance tests' BeforeAll. Uses what both PowerShell hosts have.
$ErrorActionPreference = 'Stop'
if (-not (Get-Module Swarm)) {
    $module = if ($env:SWARM_MODULE) { $env:SWARM_MODULE } else { [IO.Path]::Combine($PSScriptRoot, '..', '..', 'out', 'Swarm') }
    Import-Module ([IO.Path]::GetFullPath([IO.Path]::Combine($module, 'Swarm.psd1')))
}

# Waits for a condition; fails with what was seen last. The time is a bound for a broken product, not an expectation.
function Wait-Until {
    param([scriptblock] $Condition, [string] $What, [int] $Seconds = 60)
    $deadline = [DateTime]::UtcNow.AddSeconds($Seconds)
    while ($true) {
        if (& $Condition) { return }
        if ([DateTime]::UtcNow -ge $deadline) { throw "Waited $Seconds s in vain for: $What" }
        [System.Threading.Thread]::Sleep(50)
    }
}

# The tasks of a service that should run and do.
function Get-RunningTask {
    param([string] $Service)
    Get-SwarmTask -Service $Service | Where-Object { $_.DesiredState -eq 'Running' -and $_.State -eq 'Running' }
}
