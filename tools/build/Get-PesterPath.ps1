# Pester.psd1 in NuGet's folder of packages, of the version in Directory.Packages.props. Restores it where it is not there yet.
$ErrorActionPreference = 'Stop'
$project = Join-Path $PSScriptRoot .. pwsh pwsh.csproj
$answer = & dotnet msbuild $project -restore -getProperty:PkgPester
if ($LASTEXITCODE -ne 0) { throw "Pester cannot be restored: $answer" }
Join-Path "$answer".Trim() tools Pester.psd1
