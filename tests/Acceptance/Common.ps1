# Dot-sourced by the acceptance tests' BeforeAll.
# The same files run on four kinds of swarm, chosen by environment (tools/build/Invoke-TestFile.ps1 sets it):
#   (nothing)                            a sandbox of daemons on this machine, tasks are processes
# SWARM_ACCEPTANCE_EXECUTOR=Docker     a sandbox, tasks are containers of this machine's engine; images come from the registry of
# tests/lab/registry.sh
#   SWARM_ACCEPTANCE_LAB=FOLDER          three hosts of tests/lab/up.sh (LAB=FOLDER), each with its own network and engine
#   the same, SWARM_ACCEPTANCE_PLANE=docker   a Docker Swarm of those hosts' engines, with a swarmd in front of each
#
# Where they differ, ../Conformance/differences.json lists the difference with its reason, and a test asks Test-Difference.
$ErrorActionPreference = 'Stop'
$root = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..'))
if (-not (Get-Module Swarm)) {
    $module = if ($env:SWARM_MODULE) { $env:SWARM_MODULE } else { [IO.Path]::Combine($root, 'out', 'Swarm') }
    # Its name is looked up on the module path, as after an installation.
    Import-Module $(if ($module -eq 'Swarm') { $module } else { [IO.Path]::Combine($module, 'Swarm.psd1') })
}

# For a process of its own; what it prints is text.
$pwsh = [IO.Path]::Combine($PSHOME, 'pwsh')
$env:NO_COLOR = '1'

$lab = $env:SWARM_ACCEPTANCE_LAB
$dockerSwarm = [bool]$lab -and $env:SWARM_ACCEPTANCE_PLANE -eq 'docker'
$env:PLANE = if ($dockerSwarm) { 'docker' } else { 'builtin' } # for tests/lab/bin/swarmd
$executor = if ($lab) { 'Docker' } elseif ($env:SWARM_ACCEPTANCE_EXECUTOR) { $env:SWARM_ACCEPTANCE_EXECUTOR } else { 'Process' }
$labNetwork = if ($env:LAB_NET) { $env:LAB_NET } else { '10.99.0' }
$registry = if ($lab) { "${labNetwork}.1:5000/library/" } elseif ($executor -eq 'Docker') { '127.0.0.1:5000/library/' } else { '' }
$privateRegistry = if ($lab) { "${labNetwork}.1:5001" } else { '127.0.0.1:5001' }
$alpine = "${registry}alpine"
$redis = "${registry}redis"
$web = "${registry}web"
# A ping that is process 1 of a container ignores SIGTERM, and would take its whole grace period to stop.
$ping = @{ Image = $alpine; Command = 'ping', '127.0.0.1'; StopSignal = 'KILL' }
# The labels of the lab's engines.
$engineLabels = @{
    manager1 = @{ 'com.example.storage' = 'ssd' }; worker1 = @{ 'com.example.storage' = 'ssd' }; worker2 = @{ 'com.example.storage' = 'hdd' }
}

# A broken product fails the test that waits for it and does not delay the run. This limit applies to waits without a limit of their own.
$PSDefaultParameterValues = @{
    '[INRSU]*-Swarm*:Timeout' = { if ($args[0].BoundParameters -contains 'Wait') { '3m' } }
    'Wait-SwarmService:Timeout' = '3m'
}
. ([IO.Path]::Combine($root, 'tests', 'Conformance', 'Differences.ps1'))

# manager1, worker1 and worker2; joined to a swarm unless -NoSwarm, with the default session to the manager.
function Start-TestSwarm {
    param([string] $Name, [switch] $NoSwarm)
    if (-not $lab) {
        $nodes = Start-SwarmSandbox $Name -Workers 2 -Executor $executor -NoSwarm:$NoSwarm -Label $engineLabels
        if ($NoSwarm) { $null = Connect-Swarm -Socket $nodes[0].Socket } else { $nodes = $nodes.Nodes }
        return $nodes
    }
    $nodes = foreach ($pair in @('manager1', 11), @('worker1', 21), @('worker2', 22)) {
        Invoke-Lab swarmd start $pair[0]
        [Swarm.SandboxNode]@{ Name = $pair[0]; Address = "${labNetwork}.$($pair[1]):2377"; Socket = [IO.Path]::Combine($lab, 'nodes', $pair[0], 'swarmd.sock') }
    }
    $null = Connect-Swarm -Socket $nodes[0].Socket
    if (-not $NoSwarm) {
        $swarm = Initialize-Swarm -AdvertiseAddress $nodes[0].Address
        foreach ($node in $nodes[1, 2]) {
            $session = Connect-Swarm -Socket $node.Socket -NoDefault
            $null = Join-Swarm -Token $swarm.WorkerToken -RemoteAddress $nodes[0].Address -Session $session
            Disconnect-Swarm -Session $session
        }
        Wait-Until { @(Get-SwarmNode | Where-Object State -EQ Ready).Count -eq 3 } 'three nodes Ready'
    }
    $nodes
}

function Stop-TestSwarm {
    param([string] $Name)
    if (-not $lab) { Stop-SwarmSandbox $Name; return }
    foreach ($node in 'worker2', 'worker1', 'manager1') { Invoke-Lab swarmd remove $node }
}

# A power failure: the node's daemon and tasks end at once.
function Stop-TestNode {
    param($Node)
    if ($lab) { Invoke-Lab node crash $Node.Name; return }
    $lost = @(Get-SwarmTask | Where-Object { $_.Node -eq $Node.Name -and $_.State -eq 'Running' })
    foreach ($id in @((Get-SwarmSandbox $Node.Sandbox).Nodes | Where-Object Name -EQ $Node.Name | ForEach-Object ProcessId)) { Stop-ProcessId $id }
    if ($executor -eq 'Process') { foreach ($task in $lost) { Stop-ProcessId $task.ProcessId } }
    elseif ($lost) { Invoke-Native docker (@('kill') + @($lost.ContainerId)) }
}

# The program of a task is killed, as by the kernel's out-of-memory killer.
function Stop-TestTask {
    param($Task)
    if ($executor -eq 'Docker') { $null = Invoke-Docker $Task.Node 'kill', $Task.ContainerId } else { Stop-ProcessId $Task.ProcessId }
}

# The node starts again with the state on its disk.
function Start-TestNode {
    param($Node)
    if ($lab) { Invoke-Lab node boot $Node.Name; Invoke-Lab swarmd start $Node.Name; return }
    $null = [IO.Directory]::CreateDirectory($Node.StateDirectory)
    $start = [Diagnostics.ProcessStartInfo]::new($Node.CommandLine[0])
    foreach ($argument in $Node.CommandLine[1..($Node.CommandLine.Length - 1)]) { $start.ArgumentList.Add($argument) }
    # Nobody reads its log lines: they would mix with the tests' own.
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $null = [Diagnostics.Process]::Start($start)
}

function Stop-ProcessId {
    param([int] $Id)
    try { [Diagnostics.Process]::GetProcessById($Id).Kill() } catch [ArgumentException] { $null = $_ } # it has ended already
}

# docker on the engine that a node's tasks run on.
function Invoke-Docker {
    param([string] $Node, [string[]] $Arguments)
    if ($lab) { Invoke-Native docker (@('-H', "unix://$([IO.Path]::Combine($lab, 'nodes', $Node, 'docker.sock'))") + $Arguments) }
    else { Invoke-Native docker $Arguments }
}

function Invoke-Lab {
    param([string] $Tool, [string] $Command, [string] $Node)
    $env:LAB = $lab
    $null = Invoke-Native ([IO.Path]::Combine($root, 'tests', 'lab', 'bin', $Tool)) $Command, $Node
}

function Invoke-Native {
    param([string] $Program, [string[]] $Arguments)
    $output = & $Program @Arguments 2>&1
    if ($LASTEXITCODE -ne 0) { throw "'$Program $Arguments' failed with exit code ${LASTEXITCODE}: $output" }
    $output
}

# Waits for a condition; fails with the last value seen. The time is a limit for a broken product, not an expectation.
function Wait-Until {
    param([scriptblock] $Condition, [string] $What, [int] $Seconds = 120)
    $deadline = [DateTime]::UtcNow.AddSeconds($Seconds)
    while ($true) {
        if (& $Condition) { return }
        if ([DateTime]::UtcNow -ge $deadline) { throw "Waited $Seconds s in vain for: $What`n$(Get-SwarmTask | Format-Table | Out-String)" }
        [System.Threading.Thread]::Sleep(50)
    }
}

# The service's running tasks whose desired state is Running.
function Get-RunningTask {
    param([string] $Service)
    Get-SwarmTask -Service $Service | Where-Object { $_.DesiredState -eq 'Running' -and $_.State -eq 'Running' }
}

# The output as a person sees it, without colours. A row of a table that takes several lines is one line here.
function Show-Text {
    param([Parameter(ValueFromPipeline)] $InputObject, [switch] $List)
    begin { $all = [Collections.Generic.List[object]]::new() }
    process { $all.Add($InputObject) }
    end {
        $text = if ($List) { $all | Format-List | Out-String -Width 400 } else { $all | Format-Table | Out-String -Width 400 }
        $plain = [regex]::Replace($text, '\x1b\[[0-9;]*m', '')
        if ($List) { $plain } else { [regex]::Replace($plain, '(?<=\S)[ \t]*\r?\n {2,}(?=\S)', ' ') }
    }
}

# Through CLIXML, as with Export-Clixml, jobs and remoting.
function Copy-AsClixml {
    param($InputObject)
    [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($InputObject, 3))
}

