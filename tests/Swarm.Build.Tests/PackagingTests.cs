using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Swarm.Build.Tests;

/// <summary>tools/build/Bill.ps1 and Package.ps1, with packages of NuGet that are made for the test. TestPackage looks at the real package.</summary>
public sealed class PackagingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("swarm-packaging-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async ValueTask Notices_and_bill_name_the_packages_of_every_part()
    {
        WritePackage("One.Library", "1.2.3", "<license type='expression'>MIT</license>", ("LICENSE.TXT", "The MIT licence of One"));
        WritePackage(
            "Two.Library",
            "4.5.6",
            "<license type='expression'>Apache-2.0</license>",
            ("THIRD-PARTY-NOTICES.TXT", "The notices in Two")
        );
        WritePackage("Three.Library", "7.8.9", "<license type='file'>terms.txt</license>", ("terms.txt", "The terms of Three"));
        Write("module/bin/module/App.dll", "app");
        Write("module/bin/module/One.Library.dll", "one");
        Write("module/swarmd/linux-x64/swarmd", "daemon");
        // Two is known and not shipped, as what only the compiler needs.
        Write(
            "module/bin/module/App.deps.json",
            """
            {
              "targets": { "net": { "App/1.0.0": { "runtime": { "App.dll": {} } }, "One.Library/1.2.3": { "runtime": { "lib/net8.0/One.Library.dll": {} } }, "Two.Library/4.5.6": { "runtime": { "lib/Two.Library.dll": {} } } } },
              "libraries": { "App/1.0.0": { "type": "project" }, "One.Library/1.2.3": { "type": "package", "path": "one.library/1.2.3" }, "Two.Library/4.5.6": { "type": "package", "path": "two.library/4.5.6" } }
            }
            """
        );
        Write(
            "swarmd.ilc.rsp",
            $"""
            obj/swarmd.dll
            -r:{_folder}/packages/one.library/1.2.3/lib/net8.0/One.Library.dll
            -r:{_folder}/packages/two.library/4.5.6/lib/Two.Library.dll
            -r:{_folder}/packages/three.library/7.8.9/lib/Three.Library.dll
            -r:/elsewhere/src/Swarm.Core/bin/Swarm.Core.dll
            --feature:x
            """
        );
        await RunAsync(
            """
            $parts = @{
                'bin/module' = @(Get-ShippedPackage "$folder/module/bin/module/App.deps.json" "$folder/packages")
                # As the list comes from another machine.
                'swarmd/linux-x64/swarmd' = @(ConvertTo-Json @(Get-LinkedPackage "$folder/swarmd.ilc.rsp" "$folder/packages/") | ConvertFrom-Json)
            }
            $others = @(Join-Package $parts)
            Write-Notice $others "$folder/module/NOTICES.txt"
            Write-Bill "$folder/module" 0.1.0 $others
            """
        );
        var notices = await File.ReadAllTextAsync(Path.Combine(_folder, "module", "NOTICES.txt"));
        Assert.Contains(
            "\nOne.Library 1.2.3\n    Licence: MIT\n    Authors: Its authors\n    (c) Its authors\n    In: bin/module, swarmd/linux-x64/swarmd\n",
            notices,
            StringComparison.Ordinal
        );
        Assert.Contains("\nTwo.Library 4.5.6\n    Licence: Apache-2.0\n", notices, StringComparison.Ordinal);
        Assert.Contains("\nThree.Library 7.8.9\n    Licence: its own, see below\n", notices, StringComparison.Ordinal);
        foreach (var text in new[] { "The MIT licence of One", "Version 2.0, January 2004", "The notices in Two", "The terms of Three" })
        {
            Assert.Equal(2, notices.Split(text).Length);
        }

        var bill = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "module", "Swarm.spdx.json")))!;
        Assert.Equal("SPDX-2.3", (string?)bill["spdxVersion"]);
        Assert.Equal(
            [
                "One.Library 1.2.3 MIT",
                "Swarm 0.1.0 MIT",
                "Three.Library 7.8.9 LicenseRef-Three.Library-7.8.9",
                "Two.Library 4.5.6 Apache-2.0",
            ],
            bill["packages"]!.AsArray().Select(p => $"{p!["name"]} {p["versionInfo"]} {p["licenseDeclared"]}").Order(StringComparer.Ordinal)
        );
        Assert.Equal("The terms of Three", (string?)bill["hasExtractedLicensingInfos"]![0]!["extractedText"]);
        var files = bill["files"]!.AsArray().ToDictionary(f => (string)f!["fileName"]!, f => f!);
        Assert.Equal(
            [
                "./NOTICES.txt",
                "./bin/module/App.deps.json",
                "./bin/module/App.dll",
                "./bin/module/One.Library.dll",
                "./swarmd/linux-x64/swarmd",
            ],
            files.Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal(Hex(SHA256.HashData("one"u8)), (string?)files["./bin/module/One.Library.dll"]["checksums"]![1]!["checksumValue"]);
        var sums = files.Values.Select(f => (string)f["checksums"]![0]!["checksumValue"]!).Order(StringComparer.Ordinal);
#pragma warning disable CA5350 // SPDX names SHA1 for this value. It protects nothing.
        Assert.Equal(
            Hex(SHA1.HashData(System.Text.Encoding.ASCII.GetBytes(string.Concat(sums)))),
            (string?)bill["packages"]![0]!["packageVerificationCode"]!["packageVerificationCodeValue"]
        );
#pragma warning restore CA5350
        var program = (string)files["./swarmd/linux-x64/swarmd"]["SPDXID"]!;
        Assert.Equal(
            ["SPDXRef-Package-One.Library-1.2.3", "SPDXRef-Package-Three.Library-7.8.9", "SPDXRef-Package-Two.Library-4.5.6"],
            Related(bill, program, "STATIC_LINK")
        );
        Assert.Contains("SPDXRef-Package-One.Library-1.2.3", Related(bill, "SPDXRef-Package-Swarm", "CONTAINS"));
        Assert.DoesNotContain("SPDXRef-Package-Two.Library-4.5.6", Related(bill, "SPDXRef-Package-Swarm", "CONTAINS"));
    }

    [Fact]
    public async ValueTask A_package_without_a_licence_ends_the_build()
    {
        WritePackage("One.Library", "1.2.3", "");
        var lines = await RunAsync("try { Get-PackageFact \"$folder/packages\" one.library/1.2.3 } catch { \"$_\" }");
        Assert.Contains("One.Library 1.2.3 names no licence", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask A_licence_whose_text_nobody_has_ends_the_build()
    {
        WritePackage("One.Library", "1.2.3", "<license type='expression'>MIT OR Unheard-1.0</license>");
        var lines = await RunAsync(
            "try { Write-Notice @(Join-Package @{ a = @(Get-PackageFact \"$folder/packages\" one.library/1.2.3) }) \"$folder/x.txt\" } catch { \"$_\" }"
        );
        Assert.Contains("One.Library 1.2.3 is under Unheard-1.0", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask The_manifest_gets_the_systems_that_are_inside_the_changes_and_the_addresses_that_there_are()
    {
        Write("CHANGELOG.md", "# Changes\n\n## 0.2.0\n\nLater.\n\n## 0.1.0\n\n- it’s here\n\n## 0.0.1\n\nEarlier.\n");
        var lines = await RunAsync(
            """
            function Show([string[]] $Platform, $Addresses) {
                Copy-Item "$root/Swarm.psd1" "$folder/Swarm.psd1"
                Write-Manifest "$folder/Swarm.psd1" $Platform $Addresses "$folder/CHANGELOG.md"
                $manifest = Import-PowerShellDataFile "$folder/Swarm.psd1"
                $data = $manifest.PrivateData.PSData
                "$($data.Tags | Where-Object { $_ -in 'Linux', 'MacOS', 'Windows' })|$($data.ProjectUri)|$($data.IconUri)|$($manifest.HelpInfoURI)|$($data.ReleaseNotes)|$($data.ContainsKey('ProjectUri'))|$($manifest.CmdletsToExport.Count -gt 40)"
            }
            Show linux-x64, linux-musl-arm64 @{}
            Show win-x64, osx-arm64, linux-x64 @{ SwarmProjectUri = 'https://example.org/it''s'; SwarmIconUri = 'https://example.org/i.png'; SwarmHelpInfoUri = 'https://example.org/help/' }
            """
        );
        Assert.Equal(
            [
                "Linux||||- it’s here|False|True",
                "Linux MacOS Windows|https://example.org/it's|https://example.org/i.png|https://example.org/help/|- it’s here|True|True",
            ],
            lines
        );
    }

    [Fact]
    public async ValueTask A_version_without_changes_ends_the_build()
    {
        Write("CHANGELOG.md", "# Changes\n\n## 0.2.0\n\nLater.\n");
        var lines = await RunAsync("try { Get-ReleaseNote \"$folder/CHANGELOG.md\" 0.1.0 } catch { \"$_\" }");
        Assert.Contains("has no section '## 0.1.0'", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "|")]
    [InlineData("https://example.org/swarm", "", "https://example.org/swarm|https://example.org/swarm")]
    [InlineData("https://example.org/swarm", "https://example.org/{cmdlet}", "https://example.org/swarm|https://example.org/{cmdlet}")]
    [InlineData("example.org", "", "The build property SwarmProjectUri is 'example.org', which is no web address.")]
    public async ValueTask Project_and_online_help_come_from_one_property(string project, string help, string expected)
    {
        var lines = await RunAsync(
            "try { $a = Get-Address; \"$($a.SwarmProjectUri)|$($a.SwarmHelpUri)\" } catch { \"$_\" }",
            ("SwarmProjectUri", project),
            ("SwarmHelpUri", help)
        );
        Assert.StartsWith(expected, Assert.Single(lines), StringComparison.Ordinal);
    }

    // swarmd and the module are installed without the repository: what a person reads names no file of it.
    [Fact]
    public void No_help_and_no_message_names_a_file_of_the_repository()
    {
        var help = Path.Combine(_folder, "help");
        MamlWriter.HelpFolder.Convert(Path.Combine(RepositoryFolder.Path, "docs", "en-US"), help);
        var sources = Directory
            .GetFiles(Path.Combine(RepositoryFolder.Path, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(f =>
                File.ReadLines(f).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal)).Select(l => (File: f, Text: l))
            );
        var texts = Directory.GetFiles(help).Select(f => (File: f, Text: File.ReadAllText(f))).Concat(sources).ToList();
        Assert.True(texts.Count > 10_000, $"{texts.Count} texts");
        Assert.Empty(
            texts.SelectMany(t =>
                Cited()
                    .Matches(t.Text)
                    .Select(m => m.Groups[1].Value)
                    .Where(p => File.Exists(Path.Combine(RepositoryFolder.Path, p)))
                    .Select(p => $"{t.File}: {p}")
            )
        );
    }

    private static System.Text.RegularExpressions.Regex Cited() =>
        new(@"(?<![\w/.-])(?:\./)?((?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.(?:md|sh|ps1|psd1|psm1|cs))\b");

    private static string[] Related(JsonNode bill, string from, string type) =>
        [
            .. bill["relationships"]!
                .AsArray()
                .Where(r => (string?)r!["spdxElementId"] == from && (string?)r["relationshipType"] == type)
                .Select(r => (string)r!["relatedSpdxElement"]!)
                .Order(StringComparer.Ordinal),
        ];

    private static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);

    private void WritePackage(string id, string version, string license, params (string Name, string Text)[] files)
    {
        var folder = $"packages/{id.ToLowerInvariant()}/{version}";
        Write(
            $"{folder}/{id.ToLowerInvariant()}.nuspec",
            $"<package xmlns='http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd'><metadata><id>{id}</id><version>{version}</version>"
                + $"<authors>Its authors</authors><copyright>(c) Its authors</copyright>{license}</metadata></package>"
        );
        Write($"{folder}/{id.ToLowerInvariant()}.{version}.nupkg.sha512", Convert.ToBase64String(SHA512.HashData("package"u8)));
        foreach (var (name, text) in files)
        {
            Write($"{folder}/{name}", text);
        }
    }

    private void Write(string path, string text)
    {
        var file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private Task<string[]> RunAsync(string script, params (string Name, string? Value)[] variables) =>
        Pwsh.RunScriptAsync(
            $"""
            $ErrorActionPreference = 'Stop'
            $root = '{RepositoryFolder.Path}'
            $folder = '{_folder}'
            foreach ($file in 'Module', 'Bill', 'Package') {"{"} . (Join-Path $root tools build "$file.ps1") {"}"}
            {script}
            """,
            variables: variables
        );
}
