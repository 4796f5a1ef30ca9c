using System.Management.Automation.Runspaces;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.BareEngine.Tests;

/// <summary>A program that hosts PowerShell's engine alone can import the module: it needs no cmdlet and no assembly of Utility or Management.</summary>
public sealed class BareEngineTests
{
    [Fact]
    public void The_module_is_imported_runs_and_is_shown()
    {
        var host = new ScreenHost();
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        }
        using var runspace = RunspaceFactory.CreateRunspace(host, state);
        runspace.Open();
        // Modules of a PowerShell that this machine has are none of a bare engine's.
        Run(runspace, "$env:PSModulePath = ''");
        Assert.Empty(Run(runspace, "Get-Command Select-Object, Get-Item, Write-Host -ErrorAction Ignore"));
        Run(runspace, $"Import-Module '{Path.Combine(ModuleLayout.Folder, "Swarm.psd1")}'");
        Assert.NotEmpty(Run(runspace, "Get-Command -Module Swarm"));
        var error = Run(runspace, "try { Connect-Swarm -Socket /nonexistent/swarmd.sock -ErrorAction Stop } catch { $_ }");
        Assert.StartsWith(
            "DaemonUnavailable,",
            Assert.IsType<ErrorRecord>(Assert.Single(error).BaseObject).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Run(runspace, "[Swarm.Node]@{ Name = 'manager1'; Hostname = 'manager1' } | Out-Default");
        Assert.Contains("HOSTNAME", host.Text, StringComparison.Ordinal);
        Assert.Contains("manager1", host.Text, StringComparison.Ordinal);
    }

    private static ICollection<PSObject> Run(Runspace runspace, string script)
    {
        using var shell = PowerShell.Create(runspace);
        var output = shell.AddScript(script).Invoke();
        Assert.Empty(shell.Streams.Error);
        return output;
    }
}
