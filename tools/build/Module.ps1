# Dot-sourced by build.ps1: the module's folder, out/Swarm, and a prompt with it.

function Invoke-Dotnet {
    & dotnet @args | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "'dotnet $args' failed with exit code $LASTEXITCODE." }
}

function Remove-Folder([string] $Path) { if (Test-Path $Path) { Remove-Item $Path -Recurse -Force } }

# The project file src/NAME/NAME.csproj, or below another folder.
function Get-ProjectFile([string] $Name, [string] $Folder = 'src') { Join-Path $root $Folder $Name "$Name.csproj" }

function Build-Module {
    $quiet = '-c', $Configuration, '--nologo', '-v', 'quiet'
    Remove-Folder $moduleFolder
    $bin = Join-Path $moduleFolder bin
    Invoke-Dotnet publish (Get-ProjectFile Swarm.Cmdlets) -o (Join-Path $bin module) @quiet
    # The types that scripts can name are loaded in the default context, and must be there only once.
    Move-Item (Join-Path $bin module 'Swarm.Shared.*') $bin
    Copy-Item (Join-Path $root Swarm.psd1) $moduleFolder
    Copy-Item (Join-Path $root src Swarm.Cmdlets Module *) $moduleFolder -Recurse
    # Framework-dependent here: a machine with only the SDK has no linker. Package makes the native one.
    Invoke-Dotnet publish (Get-ProjectFile Swarm.Daemon) -o (Join-Path $moduleFolder swarmd) '-p:PublishAot=false' --self-contained false @quiet
    Build-Help (Join-Path $root docs en-US) (Join-Path $moduleFolder en-US)
    Write-Host "Module: $moduleFolder"
}

# Makes Get-Help's files from the pages in Markdown. PlatyPS makes the cmdlets' part where it is installed; it has nothing for the about topics.
function Build-Help([string] $Pages, [string] $Target) {
    $tools = Join-Path $out tools
    Invoke-Dotnet build (Get-ProjectFile Swarm.MamlWriter tools) -c $Configuration -o $tools --nologo -v quiet
    $writer = Join-Path $tools Swarm.MamlWriter.dll
    Invoke-Dotnet $writer help $Pages $Target
    if (-not (Get-Module Microsoft.PowerShell.PlatyPS -ListAvailable)) { return }
    # PlatyPS does not know the sections that pages share.
    $whole = Join-Path $out help
    Remove-Folder $whole
    Invoke-Dotnet $writer pages $Pages $whole
    & (Join-Path $root tools build Export-PlatyPSHelp.ps1) $whole $Target
}

function Start-Shell {
    Import-Module (Join-Path $moduleFolder Swarm.psd1) -Global
    # It says that a sandbox outlives the shell; this one does not.
    $sandbox = Start-SwarmSandbox -Workers 2 -InformationAction Ignore
    $sandbox | Out-Host
    # The end of the shell is the end of the sandbox.
    $stop = { if (Get-SwarmSandbox $sandbox.Name -ErrorAction Ignore) { Stop-SwarmSandbox $sandbox.Name } }.GetNewClosure()
    $null = Register-EngineEvent PowerShell.Exiting -Action $stop -SupportEvent
    Write-Host 'Connected to a sandbox of three nodes. Try: Get-SwarmNode; New-SwarmService -Name hello -Image alpine -Command ping,docker.com'
    Write-Host 'The end of this shell stops and removes it; so does Stop-SwarmSandbox.'
}
