<#
.SYNOPSIS
Builds, tests and shows Swarm. Thin over dotnet and MSBuild; the functions are in tools/build.
.EXAMPLE
./build.ps1 Quickstart
#>
#Requires -Version 7.6
param(
    # Build: out/Swarm. Test: everything. Quickstart: the walkthrough. Shell: a prompt with a sandbox. Package: out/package, the module with a native
    # swarmd, as a package for the PowerShell Gallery and as an archive. TestPackage: the tests that can run against that package. Bench: the benchmarks,
    # those of the native swarmd too after Package. Attack: the attacks of tests/Swarm.Daemon.Tests/Attacks, with bounded load, on the native swarmd if
    # Package has made one; SWARMD_PATH names another.
    # Clean: removes what the others made.
    [ValidateSet('Build', 'Test', 'Quickstart', 'Shell', 'Package', 'TestPackage', 'Attack', 'Bench', 'Clean')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    # Test: the swarmd of the acceptance tests; without it, the one of out/Swarm. The native one of Package spends no time on compiling itself.
    [string] $Swarmd = '',

    # Test: only the test projects (or Acceptance) whose name contains this.
    [string] $Filter = '',

    # Quickstart: what runs its tasks.
    [ValidateSet('Auto', 'Docker', 'Process')]
    [string] $Executor = 'Process',

    # Bench: a test binary of SwarmKit's manager/scheduler, to measure in the same run. It takes several minutes more.
    [string] $SwarmKit = '',

    # Test: the conformance of the control planes. Core runs the conformance tests on the built-in control plane with processes and with a Docker
    # engine. It also runs the tests of services and nodes on a real Docker Swarm of three hosts. Full runs every file on each of them, with
    # failing hosts and managers. A lab is made unless SWARM_ACCEPTANCE_LAB names one (root only).
    [ValidateSet('None', 'Core', 'Full')]
    [string] $Conformance = 'None'
)

$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot
$out = Join-Path $root out
$moduleFolder = Join-Path $out Swarm
$watch = [Diagnostics.Stopwatch]::StartNew()

foreach ($file in 'Module', 'Test', 'Acceptance', 'Bill', 'Package', 'Bench') { . (Join-Path $root tools build "$file.ps1") }

switch ($Task) {
    'Clean' {
        Invoke-Dotnet clean (Join-Path $root Swarm.slnx) -v quiet --nologo
        # out/pwsh is left: this may be running in it.
        foreach ($folder in 'Swarm', 'tools', 'pwsh-alone', 'native', 'symbols', 'package', 'test-results', 'bench', 'help') { Remove-Folder (Join-Path $out $folder) }
    }
    'Build' { Build-Module }
    'Test' { Test-Everything }
    'Quickstart' { Build-Module; & (Join-Path $root examples quickstart.ps1) -Executor $Executor }
    'Shell' { Build-Module; Start-Shell }
    'Bench' { Build-Module; Measure-Everything }
    'Attack' { Test-Attack }
    'Package' { Build-Package }
    'TestPackage' { Test-Package }
}
