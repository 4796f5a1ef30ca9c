<#
.SYNOPSIS
Runs Pester files of tests/Acceptance and tests/Conformance in this process, on the kind of swarm that is named.
.DESCRIPTION
Prints what became of each test, and the count as the last line: N passed, N failed, N skipped. Ends with 1 when something failed.
tests/Acceptance/Common.ps1 says what the kinds of swarm are. The module is out/Swarm, or the folder in SWARM_MODULE.
.EXAMPLE
tools/build/Invoke-TestFile.ps1 -Executor Docker tests/Acceptance/Services.Tests.ps1
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [ValidateSet('Docker', 'Process')][string] $Executor,
    [string] $Lab,
    [ValidateSet('builtin', 'docker')][string] $Plane,
    # Pester.psd1 of the version that all runs take; where it is not given, Directory.Packages.props is asked.
    [string] $Pester,
    [Parameter(Mandatory, ValueFromRemainingArguments)][string[]] $Path
)
$ErrorActionPreference = 'Stop'
$variables = @{ SWARM_ACCEPTANCE_EXECUTOR = $Executor; SWARM_ACCEPTANCE_LAB = $Lab; SWARM_ACCEPTANCE_PLANE = $Plane }
foreach ($name in $variables.Keys) { [Environment]::SetEnvironmentVariable($name, ($variables[$name] ? $variables[$name] : [NullString]::Value)) }
if (-not $Pester) { $Pester = & (Join-Path $PSScriptRoot Get-PesterPath.ps1) }
Import-Module $Pester

$configuration = New-PesterConfiguration @{
    Run = @{ Path = [string[]](Resolve-Path $Path).Path; PassThru = $true }
    Output = @{ Verbosity = 'Detailed'; RenderMode = 'Plaintext'; CIFormat = 'None' }
}
$result = Invoke-Pester -Configuration $configuration
# A file that holds no test, and a test that says nothing, have failed.
$empty = @($result.Containers | Where-Object { $_.TotalCount -eq 0 -and $_.Result -ne 'Failed' })
foreach ($container in $empty) { Write-Host "[-] $container holds no test." }
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount + $result.InconclusiveCount + $result.NotRunCount + $empty.Count
Write-Host "$($result.PassedCount) passed, $failed failed, $($result.SkippedCount) skipped"
if ($failed) { exit 1 }
