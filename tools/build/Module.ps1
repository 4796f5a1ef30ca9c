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

# Makes Get-Help's files from the pages in Markdown.
function Build-Help([string] $Pages, [string] $Target) {
    $tools = Join-Path $out tools
    Invoke-Dotnet build (Get-ProjectFile Swarm.MamlWriter tools) -c $Configuration -o $tools --nologo -v quiet
    $online = (Get-Address).SwarmHelpUri
    Invoke-Dotnet (Join-Path $tools Swarm.MamlWriter.dll) $Pages $Target @($online ? @($online) : @())
}

# The addresses that Directory.Build.props names; empty where there is none.
function Get-Address {
    $names = 'SwarmProjectUri', 'SwarmHelpUri', 'SwarmIconUri', 'SwarmHelpInfoUri'
    $answer = & dotnet msbuild (Get-ProjectFile Swarm.MamlWriter tools) "-getProperty:$($names -join ',')"
    if ($LASTEXITCODE -ne 0) { throw "The build's properties cannot be read: $answer" }
    $addresses = ("$answer" | ConvertFrom-Json).Properties
    foreach ($name in $names) {
        $address = "$($addresses.$name)"
        $uri = $null
        if ($address -and -not ([Uri]::TryCreate($address, 'Absolute', [ref] $uri) -and $uri.Scheme -in 'http', 'https')) {
            throw "The build property $name is '$address', which is no web address. Give an absolute one, or leave it empty."
        }
    }
    $addresses
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
