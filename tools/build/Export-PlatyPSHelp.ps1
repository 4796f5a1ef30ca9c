# Writes the MAML of the cmdlets' pages in a folder with Microsoft.PowerShell.PlatyPS, over what is there.
param([Parameter(Mandatory)][string] $Pages, [Parameter(Mandatory)][string] $Target)
$ErrorActionPreference = 'Stop'
Import-Module Microsoft.PowerShell.PlatyPS
# PlatyPS makes a folder for each module; Get-Help reads one for each language.
$folder = Join-Path ([IO.Path]::GetTempPath()) "swarm-help-$([Guid]::NewGuid().ToString('n'))"
try {
    $null = New-Item (Join-Path $folder pages) -ItemType Directory
    $files = foreach ($page in Get-ChildItem $Pages -Filter *.md | Where-Object Name -NotLike 'about_*') {
        # PlatyPS knows no shared sections: they are put in by the same rule as in tools/Swarm.MamlWriter/HelpPage.cs.
        $text = (Get-Content $page -Raw) -replace '(?m)^See \[[^\]]+\]\((includes/[^)]+)\)\.\n\n', {
            $sections = (Get-Content (Join-Path $Pages $_.Groups[1].Value) -Raw) -split '(?m)^(?=### )' | Select-Object -Skip 1
            -join ($sections | Where-Object { $_ -notmatch '\A### -\w+ \(([^)]+)\)' -or $page.BaseName -in ($Matches[1] -split ', ') }) -replace '(?m)^(### -\w+) \([^)]+\)$', '$1'
        }
        $expanded = Join-Path $folder pages $page.Name
        Set-Content $expanded $text -NoNewline
        $expanded
    }
    $null = Import-MarkdownCommandHelp -Path $files | Export-MamlCommandHelp -OutputFolder (Join-Path $folder maml) -Force
    $null = New-Item $Target -ItemType Directory -Force
    Get-ChildItem (Join-Path $folder maml) -Recurse -File | Copy-Item -Destination $Target
}
finally {
    if (Test-Path $folder) { Remove-Item $folder -Recurse }
}
