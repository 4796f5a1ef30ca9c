# Dot-sourced by the conformance tests. One file of tests for every control plane: $env:SWARM_CONFORMANCE says which.
#   builtin-process  our own control plane, Process tasks, in a sandbox (the default)
#   builtin-docker   our own control plane on a Docker engine, in a sandbox
#   docker-swarm     a real Docker Swarm: three hosts with an engine each (lab.sh), and swarmd --control-plane docker in front of each
. ([IO.Path]::Combine($PSScriptRoot, '..', 'Acceptance', 'Common.ps1'))

$plane = if ($env:SWARM_CONFORMANCE) { $env:SWARM_CONFORMANCE } else { 'builtin-process' }
if ($plane -notin 'builtin-process', 'builtin-docker', 'docker-swarm') { throw "SWARM_CONFORMANCE=$plane is not a control plane." }
$lab = if ($env:LAB) { $env:LAB } else { [IO.Path]::Combine([Environment]::GetFolderPath('UserProfile'), '.cache', 'swarm-conformance') }
$differences = [System.Text.Json.JsonDocument]::Parse([IO.File]::ReadAllText([IO.Path]::Combine($PSScriptRoot, 'differences.json'))).RootElement

# True where a listed difference applies to this control plane. One that is not listed fails the test.
function Test-Difference {
    param([string] $Id)
    $property = [System.Text.Json.JsonElement]::new()
    foreach ($entry in $differences.EnumerateArray()) {
        if ($entry.GetProperty('id').GetString() -eq $Id) { return $entry.TryGetProperty($plane, [ref] $property) }
    }
    throw "'$Id' is not in differences.json: a difference between control planes must be listed with its reason."
}

# A swarm of manager1, worker1 and worker2, with a default session to manager1.
function Start-ConformanceSwarm {
    param([string] $Name)
    if ($plane -ne 'docker-swarm') {
        $executor = if ($plane -eq 'builtin-docker') { 'Docker' } else { 'Process' }
        $null = Start-SwarmSandbox $Name -Workers 2 -Executor $executor -Label @{
            manager1 = @{ storage = 'ssd' }; worker1 = @{ storage = 'ssd' }; worker2 = @{ storage = 'hdd' }
        }
        return
    }
    $null = Connect-Swarm -Socket ([IO.Path]::Combine($lab, 'nodes', 'manager1', 'docker', 'swarmd.sock'))
    $net = if ($env:LAB_NET) { $env:LAB_NET } else { '10.96.0' }
    if ("$((Get-Swarm).State)" -ne 'Inactive') { Exit-Swarm -Force }
    $made = Initialize-Swarm -AdvertiseAddress "$net.11"
    foreach ($number in 1, 2) {
        $session = Connect-Swarm -NoDefault -Socket ([IO.Path]::Combine($lab, 'nodes', "worker$number", 'docker', 'swarmd.sock'))
        if ("$((Get-Swarm -Session $session).State)" -ne 'Inactive') { Exit-Swarm -Session $session -Force }
        $null = Join-Swarm -Session $session -Token $made.WorkerToken -RemoteAddress "$net.11:2377" -AdvertiseAddress "$net.2$number"
        Disconnect-Swarm $session
    }
    Wait-Until { @(Get-SwarmNode | Where-Object { "$($_.State)" -eq 'Ready' }).Count -eq 3 } 'three nodes'
}

function Stop-ConformanceSwarm {
    param([string] $Name)
    if ($plane -ne 'docker-swarm') { Stop-SwarmSandbox $Name; return }
    foreach ($service in Get-SwarmService) { Remove-SwarmService $service.Name -Force }
    foreach ($node in 'worker1', 'worker2', 'manager1') {
        $session = Connect-Swarm -NoDefault -Socket ([IO.Path]::Combine($lab, 'nodes', $node, 'docker', 'swarmd.sock'))
        # One that was a manager a moment ago may not know yet what it is.
        try { Exit-Swarm -Session $session -Force -ErrorAction Stop }
        catch { if ($_.FullyQualifiedErrorId -notlike 'NotInSwarm*') { throw } }
        Disconnect-Swarm $session
    }
    Disconnect-Swarm
}
