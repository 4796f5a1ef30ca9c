# Dot-sourced by build.ps1: the native swarmd, and the module as it is published.

# The name of this machine's platform in a published module, as DaemonProgram (src/Swarm.Cmdlets/Sandboxes) finds it there.
function Get-Platform {
    $runtime = [Runtime.InteropServices.RuntimeInformation]
    $system = if ($IsWindows) { 'win' } elseif ($IsMacOS) { 'osx' } elseif ($runtime::RuntimeIdentifier -like '*musl*') { 'linux-musl' } else { 'linux' }
    "$system-$("$($runtime::OSArchitecture)".ToLowerInvariant())"
}

# swarmd as one native file, in out/native/<platform>. A build for several platforms collects their folders there before it makes the package.
function Build-Native {
    $native = Join-Path $out native (Get-Platform)
    Remove-Folder $native
    Invoke-Dotnet publish (Get-ProjectFile Swarm.Daemon) -c Release -r (Get-Platform) -o $native --nologo -v quiet
    $symbols = Join-Path $out symbols (Get-Platform)
    Remove-Folder $symbols
    $null = New-Item $symbols -ItemType Directory
    Get-ChildItem $native | Where-Object Extension -In '.dbg', '.pdb', '.dwarf', '.dSYM' | Move-Item -Destination $symbols
    Get-ChildItem $native -File | Where-Object Name -NotIn 'swarmd', 'swarmd.exe' | Remove-Item
}

# out/package: Swarm (the module's folder), and the same as Swarm.<version>.nupkg for the PowerShell Gallery and as Swarm-<version>.zip.
function Build-Package {
    Build-Module
    Build-Native
    $package = Join-Path $out package
    Remove-Folder $package
    $folder = Join-Path $package Swarm
    Copy-Item $moduleFolder $folder -Recurse
    Remove-Folder (Join-Path $folder swarmd)
    Copy-Item (Join-Path $out native) (Join-Path $folder swarmd) -Recurse

    $manifest = Import-PowerShellDataFile (Join-Path $root Swarm.psd1)
    $escape = { param($text) [Security.SecurityElement]::Escape("$text") }
    # The metadata of Publish-PSResource, the tags included: the Gallery finds cmdlets by them.
    $tags = @('PSModule') + $manifest.PrivateData.PSData.Tags + @('PSIncludes_Cmdlet') +
    @($manifest.CmdletsToExport | ForEach-Object { "PSCmdlet_$_"; "PSCommand_$_" })
    $nuspec = Join-Path $package Swarm.nuspec
    Set-Content $nuspec @"
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
"@
    Invoke-Dotnet pack $nuspec -o $package --nologo -v quiet '-p:NoWarn=NU5100'
    Remove-Item $nuspec
    [IO.Compression.ZipFile]::CreateFromDirectory($folder, (Join-Path $package "Swarm-$($manifest.ModuleVersion).zip"), 'Optimal', $true)
    foreach ($file in Get-ChildItem $package -File) { Write-Host "Package: $file ($([Math]::Round($file.Length / 1e6, 1)) MB)" }
}

# Unpacks the Gallery's package as an installation does (without file modes) and runs against it what can run against it.
function Test-Package {
    $installed = Join-Path $out package installed Swarm
    Remove-Folder $installed
    [IO.Compression.ZipFile]::ExtractToDirectory((Get-ChildItem (Join-Path $out package) -Filter Swarm.*.nupkg)[0].FullName, $installed)
    $env:SWARM_MODULE = $installed
    $env:SWARMD_PATH = ''
    # That the package is whole, and that its daemon is the one that was tested: the rest of the tests is not its matter.
    $files = foreach ($name in 'Swarm', 'Services', 'Sandbox') { Join-Path $root tests Acceptance "$name.Tests.ps1" }
    Invoke-Acceptance @{ Name = 'Acceptance of the package'; Lane = 'sandbox'; Files = @($files) }
    Write-Host '== Quickstart'
    $start = $watch.Elapsed
    try { & (Join-Path $root examples quickstart.ps1); Add-Count 1 0 0 } catch { Write-Host "FAILED: $_"; Add-Count 0 1 0 }
    Add-Time 'Quickstart' ($watch.Elapsed - $start)
    $env:SWARMD_PATH = Join-Path $installed swarmd (Get-Platform) ($IsWindows ? 'swarmd.exe' : 'swarmd')
    if (-not (Test-Path $env:SWARMD_PATH)) { Write-Host "FAILED: the package has no native swarmd for this machine: $env:SWARMD_PATH"; Add-Count 0 1 0 }
    Test-Project (Get-ProjectFile Swarm.Daemon.Tests tests) @(
        '-class', $attacks
        foreach ($class in 'ProgramTests', 'DaemonStartTests', 'FullDiskTests', 'ManagerRestartTests', 'WorkerRestartTests', 'EngineOutageTests') { '-class'; "Swarm.Daemon.Tests.Processes.$class" }
    )
    Confirm-Attack
    Complete-Count
}

# The tests in which others attack swarmd: each is one class there.
$attacks = 'Swarm.Daemon.Tests.Attacks.*'

# The attacks alone, on the native swarmd where there is one.
function Test-Attack {
    $native = Join-Path $out native (Get-Platform) ($IsWindows ? 'swarmd.exe' : 'swarmd')
    if (-not $env:SWARMD_PATH -and (Test-Path $native)) { $env:SWARMD_PATH = $native }
    Write-Host "swarmd: $($env:SWARMD_PATH ? $env:SWARMD_PATH : 'the one that is built with the tests')"
    Test-Project (Get-ProjectFile Swarm.Daemon.Tests tests) @('-class', $attacks)
    Confirm-Attack
    Complete-Count
}

# A selection that finds no test is no success. The attacks are in the report of the run, and on Linux not all of them are skipped.
function Confirm-Attack {
    $report = Join-Path $out test-results Swarm.Daemon.Tests.xml
    if (-not (Test-Path $report)) { return }
    $found = ([xml](Get-Content $report -Raw)).SelectNodes("//test[starts-with(@type, '$($attacks.TrimEnd('*'))')]")
    $ran = @($found | Where-Object result -in 'Pass', 'Fail')
    if (-not $found.Count -or ($IsLinux -and -not $ran)) { Write-Host "FAILED: none of the attacks has run ($attacks)."; Add-Count 0 1 0 }
}
