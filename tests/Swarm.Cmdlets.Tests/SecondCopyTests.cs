using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

/// <summary>Several copies of the module on one machine, as an update or a second folder of modules leaves them, in a real PowerShell.</summary>
public sealed class SecondCopyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("swarm-copy-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async ValueTask The_nested_modules_have_plain_names()
    {
        var lines = await RunAsync("Import-Module $first; (Get-Module Swarm).NestedModules.Name");
        Assert.Equal(["Swarm.Types", "Swarm.Cmdlets"], lines);
    }

    [Fact]
    public async ValueTask A_second_copy_of_the_same_build_is_imported_without_an_error_and_works()
    {
        var lines = await RunAsync(
            """
            Import-Module $first, $second
            $Error.Count
            (Get-Module Swarm).ModuleBase | Sort-Object
            (Get-Module Swarm | ForEach-Object { $_.ExportedCmdlets.Count } | Sort-Object -Unique).Count
            Get-SwarmSession | Out-Null
            # Deep enough for lists of objects within an object.
            $service = [Swarm.Service]@{ Name = 'web'; Mounts = [Swarm.Mount]@{ Target = '/b' } }
            [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($service, 2)).Mounts[0].Target
            """
        );
        Assert.Equal(["0", Folder("first"), Folder("second"), "1", "/b"], lines);
    }

    [Fact]
    public async ValueTask A_copy_alone_is_imported_again_after_its_removal()
    {
        var lines = await RunAsync(
            "Import-Module $first; Import-Module $first -Force; Remove-Module Swarm; Import-Module $second; $Error.Count; (Get-Command -Module Swarm).Count -gt 40"
        );
        Assert.Equal(["0", "True"], lines);
    }

    [Theory]
    [InlineData("first", "second")]
    [InlineData("second", "first")]
    public async ValueTask A_copy_goes_on_when_the_other_is_removed(string removed, string left)
    {
        var lines = await RunAsync(
            """
            function Show {
                (Get-Module Swarm).ModuleBase
                $command = Get-Command Get-SwarmSession
                "$($command.Source) $($command.Module.ModuleBase)"
                Get-SwarmSession | Out-Null
                @(Get-Command -Module Swarm).Count -gt 40
                # The type data and the views are still there: deep enough for lists of objects within an object.
                $service = [Swarm.Service]@{ Name = 'web'; Mounts = [Swarm.Mount]@{ Target = '/b' } }
                [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($service, 2)).Mounts[0].Target
                @(Get-FormatData Swarm.Service).Count
            }
            Import-Module $first, $second
            Get-Module Swarm | Where-Object ModuleBase -EQ (Split-Path $REMOVED) | Remove-Module
            Show
            # It comes again, and the one that took over goes.
            Import-Module $REMOVED
            Get-Module Swarm | Where-Object ModuleBase -EQ (Split-Path $LEFT) | Remove-Module
            Show
            Import-Module $LEFT
            Remove-Module Swarm
            @(Get-Module -All | Where-Object Name -Like 'Swarm*').Count
            @(Get-Command -Module Swarm).Count
            Import-Module $first
            Get-SwarmSession | Out-Null
            $Error.Count
            """.Replace("$REMOVED", '$' + removed, StringComparison.Ordinal).Replace("$LEFT", '$' + left, StringComparison.Ordinal)
        );
        string[] Shown(string copy) => [Folder(copy), $"Swarm {Folder(copy)}", "True", "/b", "1"];
        Assert.Equal([.. Shown(left), .. Shown(removed), "0", "0", "0"], lines);
    }

    [Fact]
    public async ValueTask A_copy_with_a_prefix_goes_with_its_own_commands_only()
    {
        var lines = await RunAsync(
            """
            Import-Module $first -Prefix My
            Import-Module $second
            Get-Module Swarm | Where-Object ModuleBase -EQ (Split-Path $first) | Remove-Module
            Get-SwarmSession | Out-Null
            (Get-Command Get-SwarmSession).Module.ModuleBase
            @(Get-Command Get-MySwarmSession -ErrorAction Ignore).Count
            """
        );
        Assert.Equal([Folder("second"), "0"], lines);
    }

    [Fact]
    public async ValueTask Another_build_is_one_error_that_says_what_to_do_and_the_first_goes_on()
    {
        var lines = await RunAsync(
            """
            Import-Module $first
            # Another build has another id of its module.
            $dll = Join-Path (Split-Path $second) bin Swarm.Shared.dll
            $bytes = [IO.File]::ReadAllBytes($dll)
            $id = [Swarm.Service].Module.ModuleVersionId.ToByteArray()
            $at = [BitConverter]::ToString($bytes).IndexOf([BitConverter]::ToString($id)) / 3
            $bytes[$at] = $bytes[$at] -bxor 255
            [IO.File]::WriteAllBytes($dll, $bytes)
            try { Import-Module $second } catch { $_.FullyQualifiedErrorId; "$_"; $_.Exception.GetType().FullName; "$($_.CategoryInfo.Category)" }
            (Get-Module Swarm).ModuleBase
            Get-SwarmSession | Out-Null
            (Get-Command Get-SwarmSession).Module.ModuleBase
            """
        );
        Assert.Equal(6, lines.Length);
        Assert.StartsWith("AnotherVersionLoaded", lines[0], StringComparison.Ordinal);
        Assert.Contains($"of '{Folder("second")}' cannot be imported", lines[1], StringComparison.Ordinal);
        Assert.Contains(Path.Combine(Folder("first"), "bin", "Swarm.Shared.dll"), lines[1], StringComparison.Ordinal);
        Assert.EndsWith("Start a new PowerShell session, and import it there.", lines[1], StringComparison.Ordinal);
        Assert.Equal(["Swarm.SwarmException", "ResourceExists", Folder("first"), Folder("first")], lines[2..]);
    }

    private string Folder(string copy) => Path.Combine(_folder, copy, "Swarm");

    private Task<string[]> RunAsync(string script)
    {
        foreach (var copy in new[] { "first", "second" })
        {
            foreach (var file in Directory.GetFiles(ModuleLayout.Folder, "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(Folder(copy), Path.GetRelativePath(ModuleLayout.Folder, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }
        return Pwsh.RunScriptAsync($"$first = '{Folder("first")}/Swarm.psd1'; $second = '{Folder("second")}/Swarm.psd1'\n{script}");
    }
}
