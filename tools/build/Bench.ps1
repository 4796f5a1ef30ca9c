# Dot-sourced by build.ps1: prints a page of Markdown tables, as docs/performance.md holds one.

function Measure-Everything {
    $folder = Join-Path $root tests Swarm.Benchmarks
    $bench = Join-Path $out bench
    $program = Join-Path $bench Swarm.Benchmarks.dll
    Invoke-Dotnet build (Join-Path $folder Swarm.Benchmarks.csproj) -c Release -o $bench --nologo -v quiet
    # An installed pwsh is compiled ahead of time; the SDK's package is not, and an import there is mostly the compiling of the engine.
    $compiled = Join-Path $bench pwsh
    Invoke-Dotnet publish (Get-ProjectFile pwsh tools) -c Release -o $compiled '-p:PublishReadyToRun=true' --nologo -v quiet

    Write-Host ''
    Invoke-Dotnet $program machine
    Write-Host "`n## Module import`n"
    $hosts = @('--host', "pwsh of the SDK's package, compiled ahead of time=$(Join-Path $compiled pwsh.dll)")
    $pwsh = Find-Pwsh
    if ($pwsh) { $hosts = @('--host', "pwsh $((& $pwsh -NoProfile -Version) -replace '^PowerShell ', '')=$pwsh") + $hosts }
    Invoke-Dotnet $program import --module (Join-Path $moduleFolder Swarm.psd1) --script (Join-Path $folder import.ps1) @hosts

    Write-Host "`n## End to end, Process executor`n"
    & (Join-Path $folder endtoend.ps1) -Executor Process -Benchmarks $program
    Write-Host "`n## End to end, Docker executor`n"
    & dotnet $program engine --ping
    if ($LASTEXITCODE -eq 0) { & (Join-Path $folder endtoend.ps1) -Executor Docker -Workers 0 -Runs 3 -Benchmarks $program }
    else { Write-Host 'Not measured: no container engine answers.' }
    Write-Host "`n## The native swarmd`n"
    $native = Join-Path $out native (Get-Platform)
    if (Test-Path $native) {
        Invoke-Dotnet $program daemon --swarmd $native
        Write-Host "`n## Many tasks on one node`n"
        Invoke-Dotnet $program scale --swarmd $native --tasks '1000,2000,4000,10000'
        Invoke-Dotnet $program scale --swarmd $native --tasks '1000,2000,4000,10000,1000x3' --sync-delay 50
    }
    else { Write-Host 'Not measured: ./build.ps1 Package makes it.' }
    Write-Host "`n## Scheduler`n"
    Invoke-Dotnet $program scheduler @($SwarmKit ? @('--swarmkit', $SwarmKit) : @())
}

# $env:SWARM_TEST_PWSH, else pwsh on the path, else nothing.
function Find-Pwsh {
    if ($env:SWARM_TEST_PWSH) { return $env:SWARM_TEST_PWSH }
    Get-Command pwsh -CommandType Application -TotalCount 1 -ErrorAction Ignore | ForEach-Object Source
}
