<#
.SYNOPSIS
Builds, tests and shows Swarm. Thin over dotnet and MSBuild.
.DESCRIPTION
Uses only what both of its hosts have: pwsh, and the engine alone (build.sh). So: .NET methods in place of Join-Path, Test-Path, Write-Host.
.EXAMPLE
./build.ps1 Quickstart
#>
param(
    # Build: out/Swarm. Test: everything. Quickstart: the walkthrough. Shell: a prompt with a sandbox. Package: out/package, the module with a native
    # swarmd, as a package for the PowerShell Gallery and as an archive. TestPackage: the tests that can run against that package. Bench: the benchmarks,
    # those of the native swarmd too after Package.
    # Clean: removes what the others made.
    [ValidateSet('Build', 'Test', 'Quickstart', 'Shell', 'Package', 'TestPackage', 'Bench', 'Clean')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    # Test: only the test projects (or Acceptance) whose name contains this.
    [string] $Filter = '',

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
$out = [IO.Path]::Combine($root, 'out')
$moduleFolder = [IO.Path]::Combine($out, 'Swarm')

function Say([string] $Text) { [Console]::Out.WriteLine($Text) }

function Invoke-Tool {
    param([string] $Program, [string[]] $Arguments)
    & $Program @Arguments | ForEach-Object { Say "$_" }
    if ($LASTEXITCODE -ne 0) { throw "'$Program $Arguments' failed with exit code $LASTEXITCODE." }
}

function Copy-Folder([string] $From, [string] $To) {
    foreach ($file in [IO.Directory]::EnumerateFiles($From, '*', [IO.SearchOption]::AllDirectories)) {
        $target = [IO.Path]::Combine($To, [IO.Path]::GetRelativePath($From, $file))
        $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($target))
        [IO.File]::Copy($file, $target, $true)
    }
}

function Build-Module {
    $quiet = '-c', $Configuration, '--nologo', '-v', 'quiet'
    if ([IO.Directory]::Exists($moduleFolder)) { [IO.Directory]::Delete($moduleFolder, $true) }
    $project = { param($name) [IO.Path]::Combine($root, 'src', $name, "$name.csproj") }
    Invoke-Tool dotnet (@('publish', (& $project 'Swarm.Cmdlets'), '-o', [IO.Path]::Combine($moduleFolder, 'bin', 'module')) + $quiet)
    # The types that scripts can name are loaded in the default context, and must be there only once.
    foreach ($name in 'Swarm.Shared.dll', 'Swarm.Shared.pdb', 'Swarm.Shared.xml') {
        $from = [IO.Path]::Combine($moduleFolder, 'bin', 'module', $name)
        if ([IO.File]::Exists($from)) { [IO.File]::Move($from, [IO.Path]::Combine($moduleFolder, 'bin', $name), $true) }
    }
    [IO.File]::Copy([IO.Path]::Combine($root, 'Swarm.psd1'), [IO.Path]::Combine($moduleFolder, 'Swarm.psd1'), $true)
    Copy-Folder ([IO.Path]::Combine($root, 'src', 'Swarm.Cmdlets', 'Module')) $moduleFolder
    # Framework-dependent here: a machine with only the SDK has no linker. Package makes the native one.
    Invoke-Tool dotnet (@('publish', (& $project 'Swarm.Daemon'), '-o', [IO.Path]::Combine($moduleFolder, 'swarmd'), '-p:PublishAot=false', '--self-contained', 'false') + $quiet)
    Invoke-Tool dotnet (@('build', [IO.Path]::Combine($root, 'tools', 'Swarm.BuildHost', 'Swarm.BuildHost.csproj'), '-o', [IO.Path]::Combine($out, 'tools')) + $quiet)
    $help = [IO.Path]::Combine($root, 'docs', 'en-US')
    if ([IO.Directory]::Exists($help)) {
        Invoke-Tool dotnet @([IO.Path]::Combine($out, 'tools', 'swarm-host.dll'), 'help', $help, [IO.Path]::Combine($moduleFolder, 'en-US'))
    }
    Say "Module: $moduleFolder"
}

$totals = @{ passed = 0; failed = 0; skipped = 0 }
function Add-Count($Passed, $Failed, $Skipped) {
    $totals.passed += [int]$Passed; $totals.failed += [int]$Failed; $totals.skipped += [int]$Skipped
}

function Complete-Count {
    Say "$($totals.passed) passed, $($totals.failed) failed, $($totals.skipped) skipped"
    if ($totals.failed -gt 0) { exit 1 }
}

# Builds a test project and runs it, or what its runner selects of it.
function Test-Project([string] $Project, [string[]] $Select = @()) {
    $name = [IO.Path]::GetFileNameWithoutExtension($Project)
    Say "== $name"
    & dotnet build $Project -c $Configuration -v quiet --nologo | ForEach-Object { Say "$_" }
    if ($LASTEXITCODE -ne 0) { Add-Count 0 1 0; return }
    $executable = [IO.Path]::Combine([IO.Path]::GetDirectoryName($Project), 'bin', $Configuration, 'net10.0', "$name.dll")
    $report = [IO.Path]::Combine($out, 'test-results', "$name.xml")
    $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($report))
    if ([IO.File]::Exists($report)) { [IO.File]::Delete($report) }
    & dotnet exec $executable -noLogo -noColor -result-xml $report @Select | ForEach-Object { Say "$_" }
    $code = $LASTEXITCODE
    if (-not [IO.File]::Exists($report)) { Say "$name ended with $code and left no report."; Add-Count 0 1 0; return }
    $failed = $totals.failed
    $xml = [xml][IO.File]::ReadAllText($report)
    foreach ($assembly in $xml.assemblies.assembly) {
        Add-Count $assembly.passed ([int]$assembly.failed + [int]$assembly.errors) ([int]$assembly.skipped + [int]$assembly.'not-run')
        foreach ($test in $assembly.SelectNodes('.//test[@result="Skip"]')) { Say "skipped: $($test.name): $($test.SelectSingleNode('reason').InnerText)" }
    }
    if ($code -ne 0 -and $totals.failed -eq $failed) { Add-Count 0 1 0 }
}

# Pester, where it is installed in a PowerShell that it can run in.
function Find-Pester {
    if (-not (Get-Command Select-Object -ErrorAction Ignore)) { return }
    $found = @(Get-Module -ListAvailable Pester -ErrorAction Ignore | Where-Object { $_.Version -ge '5.7' -and $_.Version -lt '6.0' })
    if ($found) { $found[0].Path }
}

# Runs Pester files and counts; in Pester where there is one, else in the runner of the build host.
function Invoke-Acceptance([string] $What, [string[]] $Paths) {
    $pester = Find-Pester
    if ($pester) {
        Say "== $What"
        Import-Module $pester
        $result = Invoke-Pester -Path $Paths -Output Detailed -PassThru
        Add-Count $result.PassedCount ($result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount) $result.SkippedCount
    }
    else { Complete-Acceptance $What (Start-Acceptance $Paths @{}) }
}

# The runner of the build host in a process of its own, with these variables.
function Start-Acceptance([string[]] $Paths, [hashtable] $Environment) {
    $start = [Diagnostics.ProcessStartInfo]::new('dotnet', [string[]](@([IO.Path]::Combine($out, 'tools', 'swarm-host.dll'), 'pester') + $Paths))
    $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    foreach ($name in $Environment.Keys) { $start.Environment[$name] = $Environment[$name] }
    $process = [Diagnostics.Process]::Start($start)
    @{ Process = $process; Output = $process.StandardOutput.ReadToEndAsync(); Errors = $process.StandardError.ReadToEndAsync() }
}

function Complete-Acceptance([string] $What, $Run) {
    Say "== $What"
    $Run.Process.WaitForExit()
    $lines = "$($Run.Errors.GetAwaiter().GetResult())$($Run.Output.GetAwaiter().GetResult())".TrimEnd() -split "`r?`n"
    if ($lines[-1] -match '^(\d+) passed, (\d+) failed, (\d+) skipped$') {
        Add-Count $Matches[1] $Matches[2] $Matches[3]
        # The build's own count is the last line of this form.
        $lines = @($lines | ForEach-Object { $_ -replace '^(\d+ passed, \d+ failed, \d+ skipped)$', "$What`: `$1" })
        foreach ($line in $lines) { Say $line }
    }
    else { foreach ($line in $lines) { Say $line }; Say "FAILED: $What ended without its count."; Add-Count 0 1 0 }
}

# The missing requirements of the acceptance tests with containers on this machine; empty when there are none.
function Find-MissingEngine {
    if (-not (Get-Command docker -CommandType Application -ErrorAction Ignore)) { return 'there is no docker command line' }
    & docker image inspect --format '{{.Id}}' alpine:latest redis:3.0.6 redis:3.0.7 web:1 2>&1 | ForEach-Object { }
    if ($LASTEXITCODE -ne 0) { return 'no container engine with the test images answers (tests/lab/engine.sh and images.sh)' }
    foreach ($port in 5000, 5001) {
        $client = [Net.Sockets.TcpClient]::new()
        try { $client.Connect('127.0.0.1', $port) } catch { return "no registry answers on 127.0.0.1:$port (tests/lab/registry.sh)" } finally { $client.Dispose() }
    }
}

# The same files on a sandbox of processes, on a sandbox of containers, and on three hosts, with either control plane. Passes that this machine cannot run are skipped and counted.
# Passes of one lane share sandboxes or a lab and follow each other; the lanes run side by side (in Pester, one after the other).
function Test-Acceptance {
    $lab = $env:SWARM_ACCEPTANCE_LAB
    $files = { foreach ($name in $args) { [IO.Path]::Combine($root, 'tests', 'Acceptance', "$name.Tests.ps1") } }
    $conform = { foreach ($name in $args) { [IO.Path]::Combine($root, 'tests', 'Conformance', "$name.Tests.ps1") } }
    $script = [IO.Path]::Combine($root, 'tests', 'Acceptance', 'lab.sh')
    $ownLab = -not $lab -and $Conformance -ne 'None' -and 'Acceptance.Lab Acceptance.DockerSwarm' -like "*$Filter*" -and
    [Environment]::UserName -eq 'root' -and [IO.File]::Exists('/usr/sbin/dockerd')
    if ($ownLab) {
        & $script up | ForEach-Object { Say "$_" }
        if ($LASTEXITCODE -eq 0) { $lab = [IO.Path]::Combine([Environment]::GetFolderPath('UserProfile'), '.cache', 'swarm-acceptance') }
        else { Say 'FAILED: The lab does not come up.'; Add-Count 0 1 0 }
    }
    $noLab = if (-not $lab) { 'SWARM_ACCEPTANCE_LAB is not set (tests/Acceptance/lab.sh makes the hosts)' }
    $alike = @(if ($Conformance -ne 'None') { 'Behaviour', 'Updates', 'Networks' })
    $remote, $onLab = if ($Conformance -eq 'Full') { @('Remote'), @($alike; 'Hosts') } else { @(), @() }
    $onBoth = 'Swarm', 'Services', 'Updates', 'Options', 'Placement', 'Conventions'
    $passes = @(
        @{ Name = 'Acceptance.Process'; Lane = 'sandbox'; Missing = ''; Executor = 'Process'
            Files = @(& $files @onBoth Remote Sandbox) + @(& $conform @alike Differences) }
        @{ Name = 'Acceptance.Docker'; Lane = 'sandbox'; Missing = Find-MissingEngine; Executor = 'Docker'
            Files = @(& $files @onBoth Remote Sandbox Images) + @(& $conform @alike) }
        @{ Name = 'Acceptance.Lab'; Lane = 'lab'; Missing = $noLab; Lab = $lab
            Files = @(& $files @onBoth Images Hosts @remote) + @(& $conform @onLab) }
        # A core of it is enough for each change; what takes long there is in -Conformance Full.
        $onDocker = switch ($Conformance) {
            'Core' { @(& $files Swarm Services Updates Images) + @(& $conform Behaviour Networks) }
            'Full' { @(& $files @onBoth Images Hosts @remote) + @(& $conform @alike Hosts Managers Tutorial) }
        }
        if ($onDocker) { @{ Name = 'Acceptance.DockerSwarm'; Lane = 'lab'; Missing = $noLab; Lab = $lab; Plane = 'docker'; Files = $onDocker } }
        @{ Name = 'Acceptance.Hosts'; Lane = 'hosts'; Missing = ''; Files = & $files Firewall Tutorial }
    )
    $passes = @($passes | Where-Object { $_.Name -like "*$Filter*" })
    foreach ($pass in $passes) {
        $pass.Environment = @{ SWARM_ACCEPTANCE_EXECUTOR = $pass.Executor; SWARM_ACCEPTANCE_LAB = $pass.Lab; SWARM_ACCEPTANCE_PLANE = $pass.Plane }
        if ($pass.Missing) { Say "skipped: $($pass.Name): $($pass.Missing)"; Add-Count 0 0 1 }
    }
    $passes = @($passes | Where-Object { -not $_.Missing })
    try {
        if (Find-Pester) {
            foreach ($pass in $passes) {
                foreach ($name in $pass.Environment.Keys) { [Environment]::SetEnvironmentVariable($name, $pass.Environment[$name]) }
                Invoke-Acceptance $pass.Name $pass.Files
            }
        }
        else {
            do {
                $running = $null
                foreach ($lane in 'sandbox', 'lab', 'hosts') {
                    $next = @($passes | Where-Object { $_.Lane -eq $lane -and (-not $_.Run -or -not $_.Run.Process.HasExited) })
                    if (-not $next) { continue }
                    if (-not $next[0].Run) { $next[0].Run = Start-Acceptance $next[0].Files $next[0].Environment }
                    $running = $next[0].Run
                }
                if ($running) { $null = $running.Process.WaitForExit(500) }
            } while ($running)
            foreach ($pass in $passes) { Complete-Acceptance $pass.Name $pass.Run }
        }
    }
    finally {
        foreach ($name in 'SWARM_ACCEPTANCE_EXECUTOR', 'SWARM_ACCEPTANCE_PLANE') { [Environment]::SetEnvironmentVariable($name, $null) }
        $env:SWARM_ACCEPTANCE_LAB = if ($ownLab) { $null } else { $lab }
        if ($ownLab) { & $script down | ForEach-Object { Say "$_" } }
    }
}

# Adds 'N passed, N failed, N skipped' lines up; prints everything else.
function Test-Everything {
    Say '== Format'
    & dotnet tool restore | ForEach-Object { }
    & dotnet csharpier check $root | ForEach-Object { Say "$_" }
    if ($LASTEXITCODE -eq 0) { Add-Count 1 0 0 } else { Say "The format check failed: run 'dotnet csharpier format .'"; Add-Count 0 1 0 }
    $env:SWARM_MODULE = $moduleFolder
    foreach ($project in [IO.Directory]::GetFiles([IO.Path]::Combine($root, 'tests'), '*.Tests.csproj', 'AllDirectories')) {
        if ([IO.Path]::GetFileNameWithoutExtension($project) -like "*$Filter*") { Test-Project $project }
    }
    Test-Acceptance
    Complete-Count
}

# The name of this machine's platform in a published module, as DaemonProgram (src/Swarm.Cmdlets/Sandboxes) finds it there.
function Get-Platform {
    $runtime = [Runtime.InteropServices.RuntimeInformation]
    $system = if ([OperatingSystem]::IsWindows()) { 'win' } elseif ([OperatingSystem]::IsMacOS()) { 'osx' }
    elseif ($runtime::RuntimeIdentifier -like '*musl*') { 'linux-musl' } else { 'linux' }
    "$system-$("$($runtime::OSArchitecture)".ToLowerInvariant())"
}

# swarmd as one native file, in out/native/<platform>. A build for several platforms collects their folders there before it makes the package.
function Build-Native {
    $native = [IO.Path]::Combine($out, 'native', (Get-Platform))
    if ([IO.Directory]::Exists($native)) { [IO.Directory]::Delete($native, $true) }
    Invoke-Tool dotnet @('publish', [IO.Path]::Combine($root, 'src', 'Swarm.Daemon', 'Swarm.Daemon.csproj'), '-c', 'Release', '-r', (Get-Platform),
        '-o', $native, '--nologo', '-v', 'quiet')
    $symbols = [IO.Path]::Combine($out, 'symbols', (Get-Platform))
    $null = [IO.Directory]::CreateDirectory($symbols)
    foreach ($file in [IO.Directory]::GetFiles($native)) {
        $name = [IO.Path]::GetFileName($file)
        if ($name -match '\.(dbg|pdb|dwarf)$') { [IO.File]::Move($file, [IO.Path]::Combine($symbols, $name), $true) }
        elseif ($name -notmatch '^swarmd(\.exe)?$') { [IO.File]::Delete($file) }
    }
    foreach ($folder in [IO.Directory]::GetDirectories($native, '*.dSYM')) {
        $moved = [IO.Path]::Combine($symbols, [IO.Path]::GetFileName($folder))
        if ([IO.Directory]::Exists($moved)) { [IO.Directory]::Delete($moved, $true) }
        [IO.Directory]::Move($folder, $moved)
    }
}

# out/package: Swarm (the module's folder), and the same as Swarm.<version>.nupkg for the PowerShell Gallery and as Swarm-<version>.zip.
function Build-Package {
    Build-Module
    Build-Native
    $package = [IO.Path]::Combine($out, 'package')
    if ([IO.Directory]::Exists($package)) { [IO.Directory]::Delete($package, $true) }
    $folder = [IO.Path]::Combine($package, 'Swarm')
    Copy-Folder $moduleFolder $folder
    [IO.Directory]::Delete([IO.Path]::Combine($folder, 'swarmd'), $true)
    Copy-Folder ([IO.Path]::Combine($out, 'native')) ([IO.Path]::Combine($folder, 'swarmd'))

    $manifest = [scriptblock]::Create([IO.File]::ReadAllText([IO.Path]::Combine($root, 'Swarm.psd1'))).InvokeReturnAsIs()
    $escape = { param($text) [Security.SecurityElement]::Escape("$text") }
    # The metadata of Publish-PSResource, the tags included: the Gallery finds cmdlets by them.
    $tags = @('PSModule') + $manifest.PrivateData.PSData.Tags + @('PSIncludes_Cmdlet') +
    @($manifest.CmdletsToExport | ForEach-Object { "PSCmdlet_$_"; "PSCommand_$_" })
    $nuspec = [IO.Path]::Combine($package, 'Swarm.nuspec')
    [IO.File]::WriteAllText($nuspec, @"
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>Swarm</id>
    <version>$($manifest.ModuleVersion)</version>
    <authors>$(& $escape $manifest.Author)</authors>
    <requireLicenseAcceptance>false</requireLicenseAcceptance>
    <license type="expression">MIT</license>
    <description>$(& $escape $manifest.Description)</description>
    <copyright>$(& $escape $manifest.Copyright)</copyright>
    <tags>$($tags -join ' ')</tags>
  </metadata>
  <files>
    <file src="Swarm/**" target="" />
  </files>
</package>
"@)
    Invoke-Tool dotnet @('pack', $nuspec, '-o', $package, '--nologo', '-v', 'quiet', '-p:NoWarn=NU5100')
    [IO.File]::Delete($nuspec)
    [IO.Compression.ZipFile]::CreateFromDirectory($folder, [IO.Path]::Combine($package, "Swarm-$($manifest.ModuleVersion).zip"), 'Optimal', $true)
    foreach ($file in [IO.Directory]::GetFiles($package)) { Say "Package: $file ($([Math]::Round([IO.FileInfo]::new($file).Length / 1e6, 1)) MB)" }
}

# Unpacks the Gallery's package as an installation does (without file modes) and runs against it what can run against it.
function Test-Package {
    $package = @([IO.Directory]::GetFiles([IO.Path]::Combine($out, 'package'), 'Swarm.*.nupkg'))[0]
    $installed = [IO.Path]::Combine($out, 'package', 'installed', 'Swarm')
    if ([IO.Directory]::Exists($installed)) { [IO.Directory]::Delete($installed, $true) }
    [IO.Compression.ZipFile]::ExtractToDirectory($package, $installed)
    $env:SWARM_MODULE = $installed
    $env:SWARMD_PATH = ''
    # On a sandbox of the package's own daemons, whatever else is there.
    $env:SWARM_ACCEPTANCE_LAB = $env:SWARM_ACCEPTANCE_PLANE = $env:SWARM_ACCEPTANCE_EXECUTOR = $null
    # That the package is whole, and that its daemon is the one that was tested: the rest of the tests is not its matter.
    Invoke-Acceptance 'Acceptance of the package' @(foreach ($name in 'Swarm', 'Services', 'Sandbox') { [IO.Path]::Combine($root, 'tests', 'Acceptance', "$name.Tests.ps1") })
    Say '== Quickstart'
    try { & ([IO.Path]::Combine($root, 'examples', 'quickstart.ps1')); Add-Count 1 0 0 } catch { Say "FAILED: $_"; Add-Count 0 1 0 }
    $env:SWARMD_PATH = [IO.Path]::Combine($installed, 'swarmd', (Get-Platform), $(if ([OperatingSystem]::IsWindows()) { 'swarmd.exe' } else { 'swarmd' }))
    Test-Project ([IO.Path]::Combine($root, 'tests', 'Swarm.Daemon.Tests', 'Swarm.Daemon.Tests.csproj')) @(
        foreach ($class in 'ProgramTests', 'DaemonStartTests', 'FullDiskTests', 'ManagerRestartTests', 'WorkerRestartTests', 'EngineOutageTests') { '-class'; "Swarm.Daemon.Tests.Processes.$class" }
    )
    Complete-Count
}

# Prints a page of Markdown tables: docs/performance.md holds one.
function Measure-Everything {
    $folder = [IO.Path]::Combine($root, 'tests', 'Swarm.Benchmarks')
    $program = [IO.Path]::Combine($out, 'bench', 'Swarm.Benchmarks.dll')
    $compiled = [IO.Path]::Combine($out, 'bench', 'host')
    $hostProject = [IO.Path]::Combine($root, 'tools', 'Swarm.BuildHost', 'Swarm.BuildHost.csproj')
    Invoke-Tool dotnet @('build', [IO.Path]::Combine($folder, 'Swarm.Benchmarks.csproj'), '-c', 'Release', '-o', [IO.Path]::GetDirectoryName($program), '--nologo', '-v', 'quiet')
    # pwsh's own engine is compiled ahead of time; the engine's package is not, and an import there is mostly the compiling of the engine.
    Invoke-Tool dotnet @('publish', $hostProject, '-c', 'Release', '-o', $compiled, '--use-current-runtime', '--self-contained', 'false', '-p:PublishReadyToRun=true', '--nologo', '-v', 'quiet')

    Say ''
    Invoke-Tool dotnet @($program, 'machine')
    Say ''
    Say '## Module import'
    Say ''
    $hosts = @('--host', "engine's package compiled ahead of time=$([IO.Path]::Combine($compiled, 'swarm-host.dll'))")
    $pwsh = Find-Pwsh
    if ($pwsh) { $hosts = @('--host', "pwsh $((& $pwsh -NoProfile -Version) -replace '^PowerShell ', '')=$pwsh") + $hosts }
    Invoke-Tool dotnet (@($program, 'import', '--module', [IO.Path]::Combine($moduleFolder, 'Swarm.psd1'), '--script', [IO.Path]::Combine($folder, 'import.ps1')) + $hosts)

    Say ''
    Say '## End to end, Process executor'
    Say ''
    & ([IO.Path]::Combine($folder, 'endtoend.ps1')) -Executor Process -Benchmarks $program
    Say ''
    Say '## End to end, Docker executor'
    Say ''
    & dotnet $program engine --ping
    if ($LASTEXITCODE -eq 0) { & ([IO.Path]::Combine($folder, 'endtoend.ps1')) -Executor Docker -Workers 0 -Runs 3 -Benchmarks $program }
    else { Say 'Not measured: no container engine answers.' }
    Say ''
    Say '## The native swarmd'
    Say ''
    $native = [IO.Path]::Combine($out, 'native', (Get-Platform))
    if ([IO.Directory]::Exists($native)) { Invoke-Tool dotnet @($program, 'daemon', '--swarmd', $native) }
    else { Say 'Not measured: ./build.ps1 Package makes it.' }
    Say ''
    Say '## Scheduler'
    Say ''
    Invoke-Tool dotnet (@($program, 'scheduler') + $(if ($SwarmKit) { '--swarmkit', $SwarmKit }))
}

# $env:SWARM_TEST_PWSH, else pwsh on the path, else nothing.
function Find-Pwsh {
    if ($env:SWARM_TEST_PWSH) { return $env:SWARM_TEST_PWSH }
    foreach ($folder in $env:PATH.Split([IO.Path]::PathSeparator)) {
        foreach ($name in 'pwsh', 'pwsh.exe') {
            $path = [IO.Path]::Combine($folder, $name)
            if ([IO.File]::Exists($path)) { return $path }
        }
    }
}

switch ($Task) {
    'Clean' {
        Invoke-Tool dotnet @('clean', [IO.Path]::Combine($root, 'Swarm.slnx'), '-v', 'quiet', '--nologo')
        foreach ($folder in 'Swarm', 'tools', 'native', 'symbols', 'package', 'test-results', 'bench') {
            $path = [IO.Path]::Combine($out, $folder)
            if ([IO.Directory]::Exists($path)) { [IO.Directory]::Delete($path, $true) }
        }
    }
    'Build' { Build-Module }
    'Test' { Build-Module; Test-Everything }
    'Quickstart' { Build-Module; & ([IO.Path]::Combine($root, 'examples', 'quickstart.ps1')) }
    'Shell' {
        Build-Module
        Import-Module ([IO.Path]::Combine($moduleFolder, 'Swarm.psd1')) -Global
        $sandbox = Start-SwarmSandbox -Workers 2
        $sandbox
        # The end of the shell is the end of the sandbox. By the engine's own events: Register-EngineEvent is not in every host.
        $stop = { if (Get-SwarmSandbox $sandbox.Name -ErrorAction Ignore) { Stop-SwarmSandbox $sandbox.Name } }.GetNewClosure()
        $null = $ExecutionContext.Events.SubscribeEvent($null, $null, 'PowerShell.Exiting', $null, $stop, $true, $false)
        Say "Connected to a sandbox of three nodes. Try: Get-SwarmNode; New-SwarmService -Name hello -Image alpine -Command ping,docker.com"
        Say "The end of this shell stops and removes it; so does Stop-SwarmSandbox."
    }
    'Bench' { Build-Module; Measure-Everything }
    'Package' { Build-Package }
    'TestPackage' { Test-Package }
}
