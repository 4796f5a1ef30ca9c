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
    # The machine that makes the package may have neither these packages nor the response file of the compiler.
    $response = Join-Path $root src Swarm.Daemon obj Release net10.0 (Get-Platform) native swarmd.ilc.rsp
    $linked = @(Get-LinkedPackage $response (Get-PackageRoot))
    if (-not $linked) { throw "$response names no package. Build again from the beginning: ./build.ps1 Clean." }
    ConvertTo-Json $linked | Set-Content (Join-Path $native packages.json)
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
    # Files for developers go to the native symbols.
    $symbols = Join-Path $out symbols module
    Remove-Folder $symbols
    $null = New-Item $symbols -ItemType Directory
    Get-ChildItem (Join-Path $folder bin) -Recurse -File | Where-Object Extension -In '.pdb', '.xml' | Move-Item -Destination $symbols

    $parts = @{ 'bin/module' = @(Get-ShippedPackage (Join-Path $folder bin module Swarm.Cmdlets.deps.json) (Get-PackageRoot)) }
    foreach ($list in Get-ChildItem (Join-Path $folder swarmd) -Recurse -Filter packages.json) {
        $program = Get-ChildItem $list.Directory -File | Where-Object Name -In 'swarmd', 'swarmd.exe'
        $parts["swarmd/$($list.Directory.Name)/$($program.Name)"] = @(Get-Content $list.FullName -Raw | ConvertFrom-Json)
        Remove-Item $list.FullName
    }
    $others = @(Join-Package $parts)

    foreach ($file in 'README.md', 'LICENSE', 'CHANGELOG.md') { Copy-Item (Join-Path $root $file) $folder }
    # The README leads to these pages. The pages of the help are in en-US, as text.
    $null = New-Item (Join-Path $folder docs) -ItemType Directory
    Copy-Item (Join-Path $root docs *.md) (Join-Path $folder docs)
    Write-Notice $others (Join-Path $folder THIRD-PARTY-NOTICES.txt)
    $addresses = Get-Address
    $platforms = (Get-ChildItem (Join-Path $folder swarmd) -Directory).Name
    Write-Manifest (Join-Path $folder Swarm.psd1) $platforms $addresses (Join-Path $root CHANGELOG.md)
    $manifest = Import-PowerShellDataFile (Join-Path $folder Swarm.psd1)
    Write-Bill $folder $manifest.ModuleVersion $others
    Write-Catalog $folder

    $escape = { param($text) [Security.SecurityElement]::Escape("$text") }
    $data = $manifest.PrivateData.PSData
    $optional = @(
        if ($data.ProjectUri) { "<projectUrl>$(& $escape $data.ProjectUri)</projectUrl>" }
        if ($data.IconUri) { "<iconUrl>$(& $escape $data.IconUri)</iconUrl>" }
    ) -join "`n    "
    # The metadata of Publish-PSResource, the tags included: the Gallery finds cmdlets by them.
    $tags = @('PSModule') + $data.Tags + @('PSIncludes_Cmdlet') +
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
    <readme>README.md</readme>
    $optional
    <description>$(& $escape $manifest.Description)</description>
    <releaseNotes>$(& $escape $data.ReleaseNotes)</releaseNotes>
    <copyright>$(& $escape $manifest.Copyright)</copyright>
    <tags>$($tags -join ' ')</tags>
  </metadata>
  <files>
    <file src="Swarm/**" target="" />
  </files>
</package>
"@
    # NU5100: assemblies outside of lib. NU5048: the Gallery takes the icon's address only.
    Invoke-Dotnet pack $nuspec -o $package --nologo -v quiet '-p:NoWarn=NU5100%3BNU5048'
    Remove-Item $nuspec
    [IO.Compression.ZipFile]::CreateFromDirectory($folder, (Join-Path $package "Swarm-$($manifest.ModuleVersion).zip"), 'Optimal', $true)
    foreach ($file in Get-ChildItem $package -File) { Write-Host "Package: $file ($([Math]::Round($file.Length / 1e6, 1)) MB)" }
}

# Completes the manifest of a package: tags of the systems that have a swarmd in it, release notes, and the addresses that there are.
function Write-Manifest([string] $Path, [string[]] $Platform, $Addresses, [string] $ChangeLog) {
    $quote = { param($text) "'$([Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent("$text"))'" }
    $version = (Import-PowerShellDataFile $Path).ModuleVersion
    $systems = foreach ($pair in @{ 'win-' = 'Windows'; 'osx-' = 'MacOS'; 'linux-' = 'Linux' }.GetEnumerator()) { if ($Platform -like "$($pair.Key)*") { $pair.Value } }
    $add = { param($text, $pattern, $lines) $found = [regex]::Match($text, $pattern); if (-not $found.Success) { throw "$Path has nothing like '$pattern'." }; $text.Insert($found.Index + $found.Length, $lines) }
    $text = Get-Content $Path -Raw
    $text = & $add $text "(?m)^\s*Tags\s*=\s*@\([^)]*" (-join ($systems | Sort-Object | ForEach-Object { ", '$_'" }))
    $data = [ordered]@{ ProjectUri = $Addresses.SwarmProjectUri; IconUri = $Addresses.SwarmIconUri; ReleaseNotes = Get-ReleaseNote $ChangeLog $version }
    $lines = foreach ($key in $data.Keys) { if ($data[$key]) { "`n            $($key.PadRight(12)) = $(& $quote $data[$key])" } }
    $text = & $add $text "(?m)^\s*LicenseUri\s*=\s*'[^']*'" (-join $lines)
    if ($Addresses.SwarmHelpInfoUri) { $text = & $add $text "(?m)^\s*Description\s*=\s*'[^']*'" "`n    HelpInfoURI          = $(& $quote $Addresses.SwarmHelpInfoUri)" }
    [IO.File]::WriteAllText($Path, $text)
}

# The section of a version in a list of changes.
function Get-ReleaseNote([string] $ChangeLog, [string] $Version) {
    $section = (Get-Content $ChangeLog -Raw) -split '(?m)^## ' | Where-Object { $_ -match "^$([regex]::Escape($Version))\s" } | Select-Object -First 1
    if (-not $section) { throw "$ChangeLog has no section '## $Version'. Write there what is new in it." }
    ($section -split "\r?\n", 2)[1].Trim()
}

# The catalogue of a folder's files, which a publisher signs. PowerShell makes it on Windows only.
function Write-Catalog([string] $Folder) {
    if (-not (Get-Command New-FileCatalog -ErrorAction Ignore)) { Write-Host 'No file catalogue: PowerShell makes one (New-FileCatalog) on Windows only.'; return }
    $catalog = Join-Path ([IO.Path]::GetTempPath()) "Swarm-$([Guid]::NewGuid().ToString('n')).cat"
    $null = New-FileCatalog -Path $Folder -CatalogFilePath $catalog -CatalogVersion 2
    Move-Item $catalog (Join-Path $Folder Swarm.cat)
}

# The README's lines that install the package, word for word.
function Get-InstallLine {
    $blocks = [regex]::Matches([IO.File]::ReadAllText((Join-Path $root README.md)), '(?s)```powershell\r?\n(.*?)```').ForEach({ $_.Groups[1].Value })
    $found = @($blocks -match 'Install-PSResource')
    if ($found.Count -ne 1) { throw "README.md has $($found.Count) snippets with Install-PSResource; one was expected." }
    $found[0]
}

# Installs the Gallery's package into a folder of modules, and answers where. Install-PSResource does it from a repository that is a folder, where there is
# that cmdlet. Elsewhere it is unpacked as that one does: without file modes, below name and version, without the parts that only a repository needs.
function Install-Package([string] $Modules) {
    Remove-Folder $Modules
    $null = New-Item $Modules -ItemType Directory
    $file = Get-ChildItem (Join-Path $out package) -Filter Swarm.*.nupkg | Select-Object -First 1
    if (-not $file) { throw 'There is no package to test. Make it: ./build.ps1 Package.' }
    $version = $file.BaseName -replace '^Swarm\.', ''
    if (Get-Module Microsoft.PowerShell.PSResourceGet -ListAvailable) {
        Write-Host '== Installation by PSResourceGet'
        # It installs into the home of a user, and keeps its repositories there. This user's are left alone.
        $user = Join-Path $Modules user
        $data = Join-Path $user .local share
        # .NET does not know a folder that is not there yet.
        if (-not $IsWindows) { $null = New-Item $data -ItemType Directory }
        & {
            $script = {
                param($Repository, $Modules)
                $ErrorActionPreference = 'Stop'
                Import-Module Microsoft.PowerShell.PSResourceGet
                Register-PSResourceRepository -Name SwarmPackage -Uri $Repository -Trusted
                try { Save-PSResource Swarm -Repository SwarmPackage -Path $Modules }
                finally { Unregister-PSResourceRepository SwarmPackage }
            }
            # The README's lines as they stand, in the folder of the clone. Then the module that they import is the installed one.
            $readme = "`$ErrorActionPreference = 'Stop'; Set-Location -LiteralPath '$($root.Replace("'", "''"))'`n$(Get-InstallLine)
                if ((Get-Module Swarm).ModuleBase -notlike '$($data.Replace("'", "''"))*') { throw `"README.md imports another Swarm: `$((Get-Module Swarm).ModuleBase)`" }"
            $before = $env:HOME, $env:XDG_DATA_HOME
            if (-not $IsWindows) { $env:HOME, $env:XDG_DATA_HOME = $user, $data }
            try {
                $pwsh = Join-Path $PSHOME pwsh
                # On Windows the user's folder of modules is no matter of the environment.
                if ($IsWindows) { & $pwsh -NoProfile -NonInteractive -Command $script -args $file.DirectoryName, $Modules | Out-Host }
                else { & $pwsh -NoProfile -NonInteractive -Command $readme | Out-Host }
            }
            finally { $env:HOME, $env:XDG_DATA_HOME = $before }
            if ($LASTEXITCODE -ne 0) { throw 'PSResourceGet does not install the package; see above.' }
        }
        if (-not $IsWindows) { $Modules = Join-Path $data powershell Modules }
        return $Modules
    }
    Write-Host '== Installation by hand: PSResourceGet is not here'
    $folder = Join-Path $Modules Swarm $version
    [IO.Compression.ZipFile]::ExtractToDirectory($file.FullName, $folder)
    foreach ($name in '_rels', 'package') { Remove-Folder (Join-Path $folder $name) }
    foreach ($name in '[Content_Types].xml', 'Swarm.nuspec') { Remove-Item -LiteralPath (Join-Path $folder $name) }
    $Modules
}

# How a pwsh starts that has only itself: no .NET in its environment, and a runtime of its own. Where this one has none, tools/pwsh is published with one.
function Get-PlainStart([string] $Modules) {
    $pwsh = $PSHOME
    if (-not (Test-Path (Join-Path $pwsh ($IsWindows ? 'coreclr.dll' : $IsMacOS ? 'libcoreclr.dylib' : 'libcoreclr.so')))) {
        $pwsh = Join-Path $out pwsh-alone
        Invoke-Dotnet publish (Get-ProjectFile pwsh tools) -c Release -r (Get-Platform) --self-contained true -o $pwsh --nologo -v quiet
    }
    $program = Join-Path $pwsh ($IsWindows ? 'pwsh.exe' : 'pwsh')
    if ($IsWindows) { return $program }
    $names = [Environment]::GetEnvironmentVariables().Keys | Where-Object { $_ -match '^(DOTNET_|MSBUILD|NUGET|SWARMD_PATH$)' }
    # A folder with dotnet stands for itself without it.
    $number = 0
    $path = foreach ($entry in $env:PATH.Split([IO.Path]::PathSeparator) | Where-Object { $_ -and (Test-Path $_) }) {
        if (-not (Test-Path (Join-Path $entry dotnet))) { $entry; continue }
        $links = Join-Path $out package path ($number++)
        Remove-Folder $links
        $null = New-Item $links -ItemType Directory
        foreach ($file in [IO.Directory]::GetFileSystemEntries($entry)) {
            $name = [IO.Path]::GetFileName($file)
            if ($name -ne 'dotnet') { $null = [IO.File]::CreateSymbolicLink([IO.Path]::Combine($links, $name), $file) }
        }
        $links
    }
    '/usr/bin/env'
    foreach ($name in $names) { '-u'; $name }
    "PATH=$($path -join ':')"
    "PSModulePath=$Modules"
    'SWARM_MODULE=Swarm'
    $program
}

# Installs the package and runs against it what can run against it, the acceptance tests as a person without .NET has it.
function Test-Package {
    $modules = Install-Package (Join-Path $out package modules)
    $installed = (Get-ChildItem (Join-Path $modules Swarm) -Directory)[0].FullName
    $env:SWARM_MODULE = $installed
    $env:SWARMD_PATH = ''
    # That the package is whole, and that its daemon is the one that was tested: the rest of the tests is not its matter.
    $files = foreach ($name in 'Package', 'Swarm', 'Services', 'Sandbox') { Join-Path $root tests Acceptance "$name.Tests.ps1" }
    Invoke-Acceptance @{ Name = 'Acceptance of the package'; Lane = 'sandbox'; Files = @($files); Start = @(Get-PlainStart $modules) }
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
