# Writes the MAML of a folder of cmdlets' pages with Microsoft.PowerShell.PlatyPS, for the test that compares our writer with it.
param([Parameter(Mandatory)][string] $Pages, [Parameter(Mandatory)][string] $Target)
$ErrorActionPreference = 'Stop'
Import-Module Microsoft.PowerShell.PlatyPS
$files = Get-ChildItem $Pages -Filter *.md
# PlatyPS makes a folder for each module; Get-Help reads one for each language.
$folder = Join-Path ([IO.Path]::GetTempPath()) "swarm-help-$([Guid]::NewGuid().ToString('n'))"
try {
    $null = Import-MarkdownCommandHelp -Path $files.FullName | Export-MamlCommandHelp -OutputFolder $folder -Force
    $null = New-Item $Target -ItemType Directory -Force
    Get-ChildItem $folder -Recurse -File | Copy-Item -Destination $Target
}
finally {
    if (Test-Path $folder) { Remove-Item $folder -Recurse }
}
