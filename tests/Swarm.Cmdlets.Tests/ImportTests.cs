namespace Swarm.Cmdlets.Tests;

/// <summary>The built module in a process of its own: forbidden effects of an import show only where nothing was loaded before.</summary>
public sealed class ImportTests
{
    [Fact]
    public async ValueTask Import_leaves_gRPC_to_the_first_command()
    {
        var loaded = await RunAsync(
            "Import-Module $args[0]; [AppDomain]::CurrentDomain.GetAssemblies() | ForEach-Object { $_.GetName().Name } | Out-Default"
        );
        Assert.Contains("Swarm.Cmdlets", loaded);
        Assert.DoesNotContain(loaded, n => n.StartsWith("Grpc", StringComparison.Ordinal) || n is "Google.Protobuf" or "Swarm.Protocol");
    }

    [Fact]
    public async ValueTask Import_in_a_second_runspace_has_the_cmdlets_too()
    {
        var counts = await RunAsync(
            """
            $count = {
                param($module)
                $imported = Import-Module $module -PassThru
                "$($imported.ExportedCmdlets.Count) $(@(Get-Command -Module Swarm).Count)"
            }
            $first = & $count $args[0]
            $state = [Management.Automation.Runspaces.InitialSessionState]::CreateDefault2()
            if ($IsWindows) { $state.ExecutionPolicy = [Microsoft.PowerShell.ExecutionPolicy]::Bypass }
            $shell = [PowerShell]::Create($state).AddScript($count).AddArgument($args[0])
            $first, $shell.Invoke()[0] | Out-Default
            """
        );
        Assert.Equal(2, counts.Length);
        Assert.NotEqual("0 0", counts[0]);
        Assert.Equal(counts[0], counts[1]);
    }

    private static Task<string[]> RunAsync(string script)
    {
        var module = Environment.GetEnvironmentVariable("SWARM_MODULE");
        Assert.SkipUnless(module is { Length: > 0 }, "needs the built module: ./build.sh Test, or its folder in SWARM_MODULE");
        return Pwsh.RunScriptAsync(script, [Path.Combine(module!, "Swarm.psd1")]);
    }
}
