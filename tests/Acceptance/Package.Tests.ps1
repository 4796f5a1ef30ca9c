# The package as it is installed: found by its name on the module path, by a pwsh that has no .NET beside it. TestPackage runs this file.
BeforeDiscovery { $systems = @{ Windows = 'win-*'; MacOS = 'osx-*'; Linux = 'linux-*' }.GetEnumerator() | ForEach-Object { @{ Tag = $_.Key; Platforms = $_.Value } } }
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $folder = (Get-Module Swarm).ModuleBase
    $manifest = Import-PowerShellDataFile (Join-Path $folder Swarm.psd1)
    $files = Get-ChildItem $folder -Recurse -File -Force | ForEach-Object { [IO.Path]::GetRelativePath($folder, $_.FullName).Replace('\', '/') }
    $bill = Get-Content (Join-Path $folder Swarm.spdx.json) -Raw | ConvertFrom-Json
    $programs = @($files | Where-Object { $_ -match '^swarmd/[^/]+/swarmd(\.exe)?$' })

    # The texts of a file that a person may be shown: the strings of an assembly, those of a native program, or all of it.
    function Get-ShownText([string] $Path) {
        $bytes = [IO.File]::ReadAllBytes($Path)
        if ($Path.EndsWith('.dll')) {
            $image = [Reflection.PortableExecutable.PEReader]::new([IO.MemoryStream]::new($bytes))
            $reader = [Reflection.Metadata.PEReaderExtensions]::GetMetadataReader($image)
            $handle = [Reflection.Metadata.Ecma335.MetadataTokens]::UserStringHandle(0)
            while ($true) {
                $reader.GetUserString($handle)
                $handle = [Reflection.Metadata.Ecma335.MetadataReaderExtensions]::GetNextHandle($reader, $handle)
                if ($handle.IsNil) { break }
            }
            $image.Dispose()
        }
        elseif ([IO.Path]::GetFileName($Path) -in 'swarmd', 'swarmd.exe') {
            # Its strings begin at even and at odd places.
            [Text.Encoding]::Unicode.GetString($bytes)
            [Text.Encoding]::Unicode.GetString($bytes, 1, $bytes.Length - 1)
        }
        else { [Text.Encoding]::UTF8.GetString($bytes) }
    }
}

Describe 'The machine' {
    It 'has no .NET that this session could use' {
        Get-Command dotnet -ErrorAction Ignore | Should -BeNullOrEmpty
        [Environment]::GetEnvironmentVariables().Keys | Where-Object { $_ -like 'DOTNET_ROOT*' } | Should -BeNullOrEmpty
        [Runtime.InteropServices.RuntimeEnvironment]::GetRuntimeDirectory().TrimEnd('/', '\') | Should -Be $PSHOME
    }
    It 'has the module where an installation puts it' {
        Split-Path $folder -Leaf | Should -Be $manifest.ModuleVersion
        Split-Path (Split-Path $folder) -Leaf | Should -Be 'Swarm'
        Split-Path (Split-Path $folder) | Should -BeIn $env:PSModulePath.Split([IO.Path]::PathSeparator)
    }
    It 'loads it when a session uses one of its commands' {
        $lines = & $pwsh -NoProfile -NonInteractive -Command 'Get-SwarmSession; (Get-Module Swarm).ModuleBase; (Get-Module Swarm).NestedModules.Name'
        $lines | Should -Be @($folder, 'Swarm.Types', 'Swarm.Cmdlets')
    }
}

Describe 'The manifest' {
    It 'is valid' { (Test-ModuleManifest (Join-Path $folder Swarm.psd1)).Version | Should -Be $manifest.ModuleVersion }
    It 'has the tag <Tag> if, and only if, a swarmd for it is inside' -ForEach $systems {
        $manifest.PrivateData.PSData.Tags -contains $Tag | Should -Be ([bool]@(Get-ChildItem (Join-Path $folder swarmd) -Directory -Filter $Platforms))
    }
    It 'has the changes of this version as release notes' {
        $manifest.PrivateData.PSData.ReleaseNotes | Should -Not -BeNullOrEmpty
        Get-Content (Join-Path $folder CHANGELOG.md) -Raw | Should -BeLike "*## $($manifest.ModuleVersion)*$([WildcardPattern]::Escape($manifest.PrivateData.PSData.ReleaseNotes))*"
    }
}

Describe 'The files' {
    It 'are those for users' {
        $files | Where-Object { $_ -match '\.(pdb|dbg|cs|csproj)$|^bin/.*\.xml$|packages\.json$|^swarmd/.*\.dll$|_rels|nuspec$' } | Should -BeNullOrEmpty
        foreach ($file in 'README.md', 'LICENSE', 'CHANGELOG.md', 'THIRD-PARTY-NOTICES.txt', 'Swarm.spdx.json', 'en-US/Swarm.Cmdlets.dll-Help.xml') { $files | Should -Contain $file }
        $programs | Should -Not -BeNullOrEmpty
    }
    It 'lead to each other: no page has a link to a file that is not here' {
        $links = foreach ($page in $files | Where-Object { $_ -like '*.md' }) {
            foreach ($link in [regex]::Matches((Get-Content (Join-Path $folder $page) -Raw), '\]\(([^)#:]+)(#[^)]*)?\)')) { Join-Path (Split-Path (Join-Path $folder $page)) $link.Groups[1].Value }
        }
        @($links).Count | Should -BeGreaterThan 10
        $links | Where-Object { -not (Test-Path $_) } | Should -BeNullOrEmpty
    }
    It 'show no text that names a file of the repository which is not here' {
        $shown = $files | Where-Object { $_ -match '^bin/.*Swarm\.[^/]*\.dll$|^en-US/|^swarmd/[^/]+/swarmd(\.exe)?$|\.ps1xml$|\.service$' }
        @($shown).Count | Should -BeGreaterThan 8
        $cited = foreach ($file in $shown) {
            foreach ($text in Get-ShownText (Join-Path $folder $file)) {
                foreach ($match in [regex]::Matches($text, '(?<![\w/.-])(?:\./)?((?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.(?:md|sh|ps1|psd1|psm1|json|cs))\b')) {
                    $path = $match.Groups[1].Value
                    if ((Test-Path (Join-Path $root $path) -PathType Leaf) -and $path -notin $files) { "${file}: $path" }
                }
            }
        }
        $cited | Should -BeNullOrEmpty
    }
    It 'have a catalogue that fits them' {
        $catalog = Join-Path $folder Swarm.cat
        if (-not $IsWindows) { Test-Path $catalog | Should -BeFalse; Set-ItResult -Skipped -Because 'New-FileCatalog makes one on Windows only'; return }
        Test-FileCatalog -Path $folder -CatalogFilePath $catalog -FilesToSkip Swarm.cat, PSGetModuleInfo.xml | Should -Be 'Valid'
    }
}

Describe 'The software of others' {
    BeforeAll {
        $notices = Get-Content (Join-Path $folder THIRD-PARTY-NOTICES.txt) -Raw
        $others = @($bill.packages | Where-Object name -NE Swarm)
        $byId = @{}
        foreach ($thing in @($bill.packages) + @($bill.files)) { $byId[$thing.SPDXID] = $thing }
    }
    It 'is on the bill: every file with its checksums' {
        $bill.spdxVersion | Should -Be 'SPDX-2.3'
        $listed = $bill.files.fileName | ForEach-Object { $_.Substring(2) }
        # An installation adds its own record.
        $listed | Sort-Object | Should -Be ($files | Where-Object { $_ -notin 'Swarm.spdx.json', 'Swarm.cat', 'PSGetModuleInfo.xml' } | Sort-Object)
        foreach ($file in $bill.files) {
            foreach ($sum in $file.checksums) { (Get-FileHash (Join-Path $folder $file.fileName) -Algorithm $sum.algorithm).Hash | Should -Be $sum.checksumValue -Because $file.fileName }
        }
    }
    It 'is on the bill: packages with version, licence and checksum' {
        $others.Count | Should -BeGreaterThan 10
        foreach ($package in $others) {
            $package.versionInfo | Should -Match '^\d+\.\d+'
            $package.licenseDeclared | Should -Match '^(LicenseRef-)?[A-Za-z0-9.() -]+$'
            $package.checksums[0].checksumValue | Should -Match '^[0-9a-f]{128}$'
        }
    }
    It 'has its names, versions and licences in the notices' {
        foreach ($package in $others) { $notices | Should -BeLike "*`n$($package.name) $($package.versionInfo)`n    Licence: $($package.licenseDeclared)`n*" }
        foreach ($text in 'Apache License', 'Redistribution and use in source and binary forms', 'Permission is hereby granted, free of charge') { $notices | Should -BeLike "*$text*" }
    }
    It 'is known of every assembly of the module that is not ours' {
        $names = $others.name
        Get-ChildItem (Join-Path $folder bin module) -Filter *.dll | Where-Object Name -NotLike 'Swarm.*' | ForEach-Object { $_.BaseName | Should -BeIn $names }
    }
    It 'is known of what is linked into swarmd' {
        foreach ($program in $programs) {
            $id = ($bill.files | Where-Object fileName -EQ "./$program").SPDXID
            $linked = $bill.relationships | Where-Object { $_.spdxElementId -eq $id -and $_.relationshipType -eq 'STATIC_LINK' } | ForEach-Object { $byId[$_.relatedSpdxElement].name }
            foreach ($name in 'Google.Protobuf', 'Grpc.AspNetCore.Server', 'DotNext.Net.Cluster', 'Docker.DotNet.Enhanced', 'System.CommandLine', 'Microsoft.NETCore.App.Runtime.NativeAOT.*', 'Microsoft.AspNetCore.App.Runtime.*') {
                @($linked -like $name).Count | Should -Be 1 -Because $name
            }
        }
    }
}

Describe 'The help' {
    # The tests of the help writer look at all pages.
    It 'has every parameter of every set in its syntax, by position, then what must be given' {
        foreach ($command in Get-Command Invoke-SwarmScale, Connect-Swarm, Test-SwarmPlacement) {
            $shown = @((Get-Help $command.Name).syntax.syntaxItem)
            $shown.Count | Should -Be $command.ParameterSets.Count -Because $command.Name
            $common = [Management.Automation.Cmdlet]::CommonParameters
            $expected = foreach ($set in $command.ParameterSets) {
                $own = @($set.Parameters | Where-Object { $_.Name -notin $common -and -not $_.Attributes.Where({ $_ -is [Parameter] -and $_.DontShow }) })
                ($own.Name | Sort-Object) -join ' '
            }
            $shown | ForEach-Object { ($_.parameter.name | Sort-Object) -join ' ' } | Sort-Object | Should -Be ($expected | Sort-Object) -Because $command.Name
            foreach ($item in $shown) {
                $ranks = foreach ($parameter in $item.parameter) { if ($parameter.position -match '^\d+$') { [int]$parameter.position } elseif ($parameter.required -eq 'true') { 1000 } else { 1001 } }
                $ranks | Should -Be ($ranks | Sort-Object) -Because $command.Name
            }
        }
    }
    It 'shows the syntax of <Name>' -ForEach @(
        @{ Name = 'Invoke-SwarmScale'; Line = 'Invoke-SwarmScale [-Name] <*string[[]]> [[][[]-Replicas] <*' }
        @{ Name = 'Connect-Swarm'; Line = 'Connect-Swarm [[][[]-Socket] <*string>] [[]-NoDefault*' }
        @{ Name = 'Test-SwarmPlacement'; Line = 'Test-SwarmPlacement [[][[]-Name] <*string[[]]>] [[][[]-Image] <*string>] *[[]-Session <*' }
    ) {
        $text = (Get-Help $Name | Out-String -Width 4000) -replace '\s+', ' '
        $text | Should -BeLike "*$($Line.Replace('[-Name]', '[[]-Name]'))*"
    }
    It 'is named by -Online, unless the build knows an address' {
        $uri = @((Get-Help Get-SwarmNode).relatedLinks.navigationLink)[0].uri
        if ($uri -like 'http*') { Set-ItResult -Skipped -Because "the online help is $uri"; return }
        { Get-Help Get-SwarmNode -Online } | Should -Throw -ExpectedMessage "*Get-Help?Get-SwarmNode?-Full*"
        Get-Content (Join-Path $folder Swarm.psd1) -Raw | Should -Not -Match 'ProjectUri\s*=|HelpInfoURI\s*='
    }
}
