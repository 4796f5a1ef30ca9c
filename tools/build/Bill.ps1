# Dot-sourced by build.ps1: the packages of others that a package of ours contains, their licences, and the bill of materials (SPDX 2.3).

# NuGet's folder of packages, as a restored project knows it.
function Get-PackageRoot {
    $answer = & dotnet msbuild (Get-ProjectFile Swarm.Cmdlets) -getProperty:NuGetPackageRoot
    if ($LASTEXITCODE -ne 0 -or -not "$answer".Trim()) { throw "NuGet's folder of packages is not known: $answer" }
    "$answer".Trim()
}

# The packages whose assemblies the native compiler was given, from its response file.
function Get-LinkedPackage([string] $ResponseFile, [string] $PackageRoot) {
    $prefix = $PackageRoot.Replace('\', '/').TrimEnd('/') + '/'
    $keys = foreach ($line in Get-Content $ResponseFile) {
        $path = ($line -replace '^-r:', '').Trim('"').Replace('\', '/')
        if ($line.StartsWith('-r:') -and $path.StartsWith($prefix)) { $path.Substring($prefix.Length).Split('/')[0..1] -join '/' }
    }
    foreach ($key in $keys | Sort-Object -Unique) { Get-PackageFact $PackageRoot $key }
}

# The packages whose assemblies lie beside an assembly, from its list of dependencies.
function Get-ShippedPackage([string] $DependencyFile, [string] $PackageRoot) {
    $folder = Split-Path $DependencyFile
    $list = Get-Content $DependencyFile -Raw | ConvertFrom-Json -AsHashtable
    foreach ($target in $list.targets.Values) {
        foreach ($name in $target.Keys | Sort-Object) {
            $shipped = @($target[$name].runtime.Keys | Where-Object { $_ -and (Test-Path (Join-Path $folder (Split-Path $_ -Leaf))) })
            if ($list.libraries[$name].type -eq 'package' -and $shipped) { Get-PackageFact $PackageRoot $list.libraries[$name].path }
        }
    }
}

# Name, version and licence of a package, and the texts that it brings. A package without a licence ends the build.
function Get-PackageFact([string] $PackageRoot, [string] $Path) {
    $folder = Join-Path $PackageRoot $Path
    $metadata = ([xml](Get-Content (Join-Path $folder "$($Path.Split('/')[0]).nuspec") -Raw)).package.metadata
    $text = { param($pattern) Get-ChildItem $folder -File | Where-Object Name -Match $pattern | Sort-Object Name | Select-Object -First 1 | ForEach-Object { Get-Content $_.FullName -Raw } }
    $own = & $text '^licen[sc]e(\.(txt|md))?$'
    $expression = if ($metadata.license.type -eq 'expression') { $metadata.license.InnerText }
    if ($metadata.license.type -eq 'file') { $own = Get-Content (Join-Path $folder $metadata.license.InnerText) -Raw }
    if (-not $expression -and -not $own) { throw "The package $($metadata.id) $($metadata.version) names no licence. Look at its project, and do without it if there is none." }
    $hash = Get-ChildItem $folder -Filter *.nupkg.sha512 | Select-Object -First 1 | ForEach-Object { [Convert]::ToHexString([Convert]::FromBase64String((Get-Content $_.FullName -Raw).Trim())).ToLowerInvariant() }
    [pscustomobject]@{
        Id = "$($metadata.id)"; Version = "$($metadata.version)"; License = "$expression"; Authors = "$($metadata.authors)"; Copyright = "$($metadata.copyright)"
        Sha512 = "$hash"; LicenseText = "$own".Trim(); Notices = "$(& $text '^third-?party-?notices(\.(txt|md))?$')".Trim()
    }
}

# Joins lists of packages by their part (a folder or file of the module). Each package comes once, with all the parts that have it.
function Join-Package([Collections.IDictionary] $ByPart) {
    $pairs = foreach ($part in $ByPart.Keys) { foreach ($package in $ByPart[$part]) { @{ Part = $part; Package = $package } } }
    $pairs | Group-Object { "$($_.Package.Id) $($_.Package.Version)" } | Sort-Object Name | ForEach-Object {
        $_.Group[0].Package | Select-Object * | Add-Member Parts @($_.Group.Part | Sort-Object -Unique) -PassThru
    }
}

# The notices that the licences of others ask for.
function Write-Notice([object[]] $Package, [string] $Path) {
    $lines = [Collections.Generic.List[string]]::new()
    $rule = '-' * 80
    $lines.Add("Swarm contains software of others. This file lists it, with its licences.`n")
    foreach ($one in $Package) {
        $lines.Add("$($one.Id) $($one.Version)")
        $lines.Add("    Licence: $($one.License ? $one.License : 'its own, see below')")
        $lines.Add("    Authors: $($one.Authors)")
        if ($one.Copyright) { $lines.Add("    $($one.Copyright)") }
        $lines.Add("    In: $($one.Parts -join ', ')`n")
    }
    # Each text once, with the packages that have it.
    $texts = foreach ($one in $Package) {
        $name = "$($one.Id) $($one.Version)"
        if ($one.LicenseText) { @{ Title = 'Licence'; Of = $name; Text = $one.LicenseText } }
        else {
            foreach ($identifier in $one.License -split '[\s()]+' | Where-Object { $_ -and $_ -notin 'AND', 'OR', 'WITH' }) {
                $standard = Join-Path $PSScriptRoot licenses "$identifier.txt"
                if (-not (Test-Path $standard)) { throw "$name is under $identifier, whose text is not in tools/build/licenses. Put it there." }
                @{ Title = "Licence $identifier"; Of = $name; Text = (Get-Content $standard -Raw).Trim() }
            }
        }
        if ($one.Notices) { @{ Title = 'Notices'; Of = $name; Text = $one.Notices } }
    }
    foreach ($group in $texts | Group-Object { "$($_.Title)`0$($_.Text.Replace("`r", ''))" }) {
        $lines.Add($rule)
        $lines.Add("$($group.Group[0].Title) of $($group.Group.Of -join ', ')")
        $lines.Add("$rule`n")
        $lines.Add("$($group.Group[0].Text.Replace("`r", ''))`n")
    }
    [IO.File]::WriteAllText($Path, ($lines -join "`n"))
}

# The bill of materials of a folder as it is now: every file with its checksums, every package of others with its licence. It leaves out itself.
function Write-Bill([string] $Folder, [string] $Version, [object[]] $Package, [string] $Name = 'Swarm.spdx.json') {
    $none = 'NOASSERTION'
    $number = 0
    $files = foreach ($file in Get-ChildItem $Folder -File -Recurse -Force | Sort-Object FullName) {
        $path = [IO.Path]::GetRelativePath($Folder, $file.FullName).Replace('\', '/')
        if ($path -eq $Name) { continue }
        $sums = foreach ($algorithm in 'SHA1', 'SHA256') { [ordered]@{ algorithm = $algorithm; checksumValue = (Get-FileHash $file.FullName -Algorithm $algorithm).Hash.ToLowerInvariant() } }
        [ordered]@{
            fileName = "./$path"; SPDXID = "SPDXRef-File-$((++$number))"; checksums = @($sums)
            licenseConcluded = $none; licenseInfoInFiles = @($none); copyrightText = $none
        }
    }
    # SPDX's rule: the SHA1 of the sorted SHA1s of the files.
    $sum = ($files | ForEach-Object { $_.checksums[0].checksumValue } | Sort-Object -CaseSensitive) -join ''
    $code = [Convert]::ToHexString([Security.Cryptography.SHA1]::HashData([Text.Encoding]::ASCII.GetBytes($sum))).ToLowerInvariant()
    $extracted = [Collections.Generic.List[object]]::new()
    $packages = foreach ($one in $Package) {
        $id = "SPDXRef-Package-$("$($one.Id)-$($one.Version)" -replace '[^A-Za-z0-9.-]', '-')"
        $license = if ($one.License) { $one.License } else {
            $reference = "LicenseRef-$($id.Substring(16))"
            $extracted.Add([ordered]@{ licenseId = $reference; extractedText = $one.LicenseText; name = "The licence of $($one.Id)" })
            $reference
        }
        [ordered]@{
            name = $one.Id; SPDXID = $id; versionInfo = $one.Version; supplier = "Organization: $($one.Authors)"; downloadLocation = $none; filesAnalyzed = $false
            checksums = @(if ($one.Sha512) { [ordered]@{ algorithm = 'SHA512'; checksumValue = $one.Sha512 } })
            licenseConcluded = $none; licenseDeclared = $license; copyrightText = ($one.Copyright ? $one.Copyright : $none)
            externalRefs = @([ordered]@{ referenceCategory = 'PACKAGE-MANAGER'; referenceType = 'purl'; referenceLocator = "pkg:nuget/$($one.Id)@$($one.Version)" })
        }
    }
    $ours = [ordered]@{
        name = 'Swarm'; SPDXID = 'SPDXRef-Package-Swarm'; versionInfo = $Version; supplier = 'Organization: The Swarm maintainers'; downloadLocation = $none; filesAnalyzed = $true
        packageVerificationCode = [ordered]@{ packageVerificationCodeValue = $code; packageVerificationCodeExcludedFiles = @("./$Name") }
        licenseConcluded = 'MIT'; licenseDeclared = 'MIT'; licenseInfoFromFiles = @($none); copyrightText = '(c) The Swarm maintainers'; primaryPackagePurpose = 'APPLICATION'
    }
    $relation = { param($from, $type, $to) [ordered]@{ spdxElementId = $from; relationshipType = $type; relatedSpdxElement = $to } }
    $relations = @(
        & $relation 'SPDXRef-DOCUMENT' DESCRIBES $ours.SPDXID
        foreach ($file in $files) { & $relation $ours.SPDXID CONTAINS $file.SPDXID }
        for ($i = 0; $i -lt $Package.Count; $i++) {
            foreach ($part in $Package[$i].Parts) {
                # A part is a native program, which has its packages linked in, or a folder in which their files lie.
                $program = $files | Where-Object fileName -EQ "./$part"
                if ($program) { & $relation $program.SPDXID STATIC_LINK @($packages)[$i].SPDXID } else { & $relation $ours.SPDXID CONTAINS @($packages)[$i].SPDXID }
            }
        }
    )
    $bill = [ordered]@{
        spdxVersion = 'SPDX-2.3'; dataLicense = 'CC0-1.0'; SPDXID = 'SPDXRef-DOCUMENT'; name = "Swarm-$Version"
        documentNamespace = "urn:uuid:$([Guid]::new([byte[]][Convert]::FromHexString($code)[0..15]))"
        creationInfo = [ordered]@{ created = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture); creators = @('Organization: The Swarm maintainers', 'Tool: Swarm-build') }
        packages = @($ours) + @($packages); files = @($files); relationships = $relations; hasExtractedLicensingInfos = @($extracted)
    }
    [IO.File]::WriteAllText((Join-Path $Folder $Name), ($bill | ConvertTo-Json -Depth 8))
}
