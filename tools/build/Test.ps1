# Dot-sourced by build.ps1: the test projects, and the count and the times of all.

$totals = @{ Passed = 0; Failed = 0; Skipped = 0 }
$times = [Collections.Generic.List[object]]::new()

function Add-Count([int] $Passed, [int] $Failed, [int] $Skipped) {
    $totals.Passed += $Passed; $totals.Failed += $Failed; $totals.Skipped += $Skipped
}

function Add-Time([string] $Name, [TimeSpan] $Time, [string] $Remark = '') { $times.Add([pscustomobject]@{ Name = $Name; Time = $Time; Remark = $Remark }) }

# Prints the time of each project, the total time, and the count as the last line.
function Complete-Count {
    Write-Host '== Times'
    Add-Time 'All' $watch.Elapsed
    foreach ($one in $times) { Write-Host ('{0,3}:{1:ss\.f}  {2}{3}' -f [Math]::Floor($one.Time.TotalMinutes), $one.Time, $one.Name, $one.Remark) }
    Write-Host "$($totals.Passed) passed, $($totals.Failed) failed, $($totals.Skipped) skipped"
    if ($totals.Failed -gt 0) { exit 1 }
}

function Test-Everything {
    Build-Module
    Add-Time 'Build of the module' $watch.Elapsed
    Test-Format
    $env:SWARM_MODULE = $moduleFolder
    Get-ChildItem (Join-Path $root tests) -Filter *.Tests.csproj -Recurse | Where-Object BaseName -Like "*$Filter*" | Sort-Object Name | ForEach-Object { Test-Project $_.FullName }
    Test-Acceptance
    Complete-Count
}

function Test-Format {
    Write-Host '== Format'
    $start = $watch.Elapsed
    & dotnet tool restore | Out-Null
    & dotnet csharpier check $root | Out-Host
    if ($LASTEXITCODE -eq 0) { Add-Count 1 0 0 } else { Write-Host "FAILED: Format: run 'dotnet csharpier format .'"; Add-Count 0 1 0 }
    Add-Time 'Format' ($watch.Elapsed - $start)
}

# Builds a test project and runs it, or what its runner selects of it.
function Test-Project([string] $Project, [string[]] $Select = @()) {
    $name = Split-Path $Project -LeafBase
    Write-Host "== $name"
    $start = $watch.Elapsed
    & dotnet build $Project -c $Configuration -v quiet --nologo | Out-Host
    if ($LASTEXITCODE -ne 0) { Write-Host "FAILED: $name does not build."; Add-Count 0 1 0; return }
    $built = $watch.Elapsed - $start
    $report = Join-Path $out test-results "$name.xml"
    $null = New-Item (Split-Path $report) -ItemType Directory -Force
    if (Test-Path $report) { Remove-Item $report }
    # Its output goes to a file. A pipe stays open as long as a process lives that a test has left behind, and the run would wait for it.
    $log = Join-Path $out test-results "$name.log"
    $arguments = @('exec', (Join-Path (Split-Path $Project) bin $Configuration net10.0 "$name.dll"), '-noLogo', '-noColor', '-result-xml', $report) + $Select
    $process = Start-Process dotnet -ArgumentList ($arguments | ForEach-Object { "`"$_`"" }) -NoNewWindow -PassThru -RedirectStandardOutput $log -RedirectStandardError "$log.err"
    # Without a look at its handle now, an exit code is not kept.
    $null = $process.Handle
    $process.WaitForExit()
    $code = $process.ExitCode
    Get-Content $log, "$log.err" | Out-Host
    Add-Time $name ($watch.Elapsed - $start) (' (built in {0:m\:ss\.f})' -f $built)
    if (-not (Test-Path $report)) { Write-Host "FAILED: $name ended with $code and left no report."; Add-Count 0 1 0; return }
    $failed = $totals.Failed
    foreach ($assembly in ([xml](Get-Content $report -Raw)).assemblies.assembly) {
        Add-Count $assembly.passed ([int]$assembly.failed + [int]$assembly.errors) ([int]$assembly.skipped + [int]$assembly.'not-run')
        foreach ($test in $assembly.SelectNodes('.//test[@result="Skip"]')) { Write-Host "skipped: $($test.name): $($test.SelectSingleNode('reason').InnerText)" }
    }
    if ($code -ne 0 -and $totals.Failed -eq $failed) { Write-Host "FAILED: $name ended with $code."; Add-Count 0 1 0 }
}
