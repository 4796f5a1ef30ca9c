# Dot-sourced by build.ps1: the files of tests/Acceptance and tests/Conformance, in Pester.

# The same files on a sandbox of processes, on a sandbox of containers, and on three hosts, with either control plane. Passes that this machine cannot run are skipped and counted.
function Test-Acceptance {
    $lab = $env:SWARM_ACCEPTANCE_LAB
    $script = Join-Path $root tests Acceptance lab.sh
    $ownLab = -not $lab -and $Conformance -ne 'None' -and 'Acceptance.Lab Acceptance.DockerSwarm' -like "*$Filter*" -and
    [Environment]::UserName -eq 'root' -and (Test-Path /usr/sbin/dockerd)
    if ($ownLab) {
        & $script up | Out-Host
        if ($LASTEXITCODE -eq 0) { $lab = Join-Path $HOME .cache swarm-acceptance } else { Write-Host 'FAILED: The lab does not come up.'; Add-Count 0 1 0 }
    }
    # The first is for sandboxes, the second for the hosts of a lab.
    if ($Swarmd) { $env:SWARMD_PATH = $env:SWARMD = Convert-Path $Swarmd }
    try {
        $passes = @(Get-AcceptancePass $lab | Where-Object Name -Like "*$Filter*")
        foreach ($pass in $passes | Where-Object Missing) { Write-Host "skipped: $($pass.Name): $($pass.Missing)"; Add-Count 0 0 1 }
        Invoke-Acceptance ($passes | Where-Object { -not $_.Missing })
    }
    finally {
        if ($ownLab) { & $script down | Out-Host }
    }
}

# Passes of one lane share sandboxes or a lab and follow each other; the lanes run side by side.
function Get-AcceptancePass([string] $Lab) {
    $files = { foreach ($name in $args) { Join-Path $root tests Acceptance "$name.Tests.ps1" } }
    $conform = { foreach ($name in $args) { Join-Path $root tests Conformance "$name.Tests.ps1" } }
    $noLab = if (-not $Lab) { 'SWARM_ACCEPTANCE_LAB is not set (tests/Acceptance/lab.sh makes the hosts)' }
    $alike = @(if ($Conformance -ne 'None') { 'Behaviour', 'Updates', 'Networks' })
    $remote, $onLab = if ($Conformance -eq 'Full') { @('Remote'), @($alike; 'Hosts') } else { @(), @() }
    $onBoth = 'Swarm', 'Services', 'Updates', 'Options', 'Placement', 'Conventions'
    @{ Name = 'Acceptance.Process'; Lane = 'sandbox'; Executor = 'Process'
        Files = @(& $files @onBoth Remote Sandbox) + @(& $conform @alike Differences) }
    @{ Name = 'Acceptance.Docker'; Lane = 'sandbox'; Missing = Find-MissingEngine; Executor = 'Docker'
        Files = @(& $files @onBoth Remote Sandbox Images) + @(& $conform @alike) }
    @{ Name = 'Acceptance.Lab'; Lane = 'lab'; Missing = $noLab; Lab = $Lab
        Files = @(& $files @onBoth Images Hosts @remote) + @(& $conform @onLab) }
    # A core of it is enough for each change; what takes long there is in -Conformance Full.
    $onDocker = switch ($Conformance) {
        'Core' { @(& $files Swarm Services Updates Images) + @(& $conform Behaviour Networks) }
        'Full' { @(& $files @onBoth Images Hosts @remote) + @(& $conform @alike Hosts Managers Tutorial) }
    }
    if ($onDocker) { @{ Name = 'Acceptance.DockerSwarm'; Lane = 'lab'; Missing = $noLab; Lab = $Lab; Plane = 'docker'; Files = $onDocker } }
    # In a pass of its own: its sandboxes are apart from all others.
    @{ Name = 'Acceptance.Examples'; Lane = 'hosts'; Executor = 'Process'; Files = @(& $files Examples) }
    if ($Conformance -eq 'Full') { @{ Name = 'Acceptance.ExamplesDocker'; Lane = 'hosts'; Missing = Find-MissingEngine; Executor = 'Docker'; Files = @(& $files Examples) } }
    @{ Name = 'Acceptance.Hosts'; Lane = 'hosts'; Files = @(& $files Firewall Tutorial) }
}

# Runs each pass in a pwsh of its own, prints what it said when it has ended, and counts.
function Invoke-Acceptance([hashtable[]] $Passes) {
    if (-not $Passes) { return }
    $runner = Join-Path $root tools build Invoke-TestFile.ps1
    $pester = & (Join-Path $root tools build Get-PesterPath.ps1)
    $Passes | Group-Object { $_.Lane } | ForEach-Object -ThrottleLimit 8 -Parallel {
        foreach ($pass in $_.Group) {
            $settings = foreach ($name in 'Executor', 'Lab', 'Plane') { if ($pass[$name]) { "-$name"; $pass[$name] } }
            $watch = [Diagnostics.Stopwatch]::StartNew()
            # A pass may have a program of its own to start with.
            $start = $pass.Start ? $pass.Start : @(Join-Path $PSHOME pwsh)
            $first = @($start | Select-Object -Skip 1)
            $lines = & $start[0] @first -NoProfile -NonInteractive -File $using:runner -Pester $using:pester @settings $pass.Files 2>&1
            [pscustomobject]@{ Name = $pass.Name; Lines = @($lines | ForEach-Object { "$_" }); Time = $watch.Elapsed }
        }
    } | ForEach-Object {
        Write-Host "== $($_.Name)"
        Add-Time $_.Name $_.Time
        $count = '^(\d+) passed, (\d+) failed, (\d+) skipped$'
        if ("$($_.Lines[-1])" -match $count) { Add-Count $Matches[1] $Matches[2] $Matches[3] } else { $_.Lines += "FAILED: $($_.Name) ended without its count."; Add-Count 0 1 0 }
        # The build's own count is the last line of this form.
        Write-Host ($_.Lines -replace $count, "$($_.Name): `$0" -join "`n")
    }
}

# The missing requirements of the acceptance tests with containers on this machine; empty when there are none.
function Find-MissingEngine {
    if (-not (Get-Command docker -CommandType Application -ErrorAction Ignore)) { return 'there is no docker command line' }
    & docker image inspect --format '{{.Id}}' alpine:latest redis:3.0.6 redis:3.0.7 web:1 *> $null
    if ($LASTEXITCODE -ne 0) { return 'no container engine with the test images answers (tests/lab/engine.sh and images.sh)' }
    foreach ($port in 5000, 5001) {
        if (-not (Test-Connection 127.0.0.1 -TcpPort $port -Quiet)) { return "no registry answers on 127.0.0.1:$port (tests/lab/registry.sh)" }
    }
}
