# Uses only the engine itself: a host may have no other module. The engine compiles a call site for every method called from script, which is
# most of an import's time. So there is only one call, and static properties, which need no call site.
$ErrorActionPreference = 'Stop'

# The types that scripts can name are in a process once. The runtime takes a copy of the file for the same, and refuses another build of it.
try { $null = [Reflection.Assembly]::LoadFrom("$PSScriptRoot/bin/Swarm.Shared.dll") }
catch {
    $loaded = 'Swarm.LoadContext' -as [type]
    if (-not $loaded) { throw }
    $here = [Reflection.AssemblyName]::GetAssemblyName("$PSScriptRoot/bin/Swarm.Shared.dll").Version.ToString(3)
    $there = $loaded.Assembly.GetName().Version.ToString(3)
    $exception = [Swarm.SwarmException]::new(
        'AnotherVersionLoaded',
        "Swarm $here of '$PSScriptRoot' cannot be imported: this process has loaded another build, Swarm $there of '$($loaded.Assembly.Location)'.",
        $PSScriptRoot,
        'Start a new PowerShell session, and import it there.')
    $record = [Management.Automation.ErrorRecord]::new($exception, $exception.ErrorId, 'ResourceExists', $PSScriptRoot)
    $record.ErrorDetails = [Management.Automation.ErrorDetails]::new("$($exception.Message) $($exception.Action)")
    throw $record
}

# A runspace takes each type's data once, from whichever copy of the module came first.
if (-not (Get-Module Swarm.Types -All)) { Import-Module "$PSScriptRoot/Swarm.Types.psd1" }

[Swarm.LoadContext]::Folder = $PSScriptRoot
$inner = Import-Module -Assembly ([Swarm.LoadContext]::Module) -PassThru
[Swarm.LoadContext]::Nested = $inner

# When the module is imported again (-Force, another runspace, a second copy) the engine finds the assembly's commands in its cache.
# It does not give them to the new module.
if ([Swarm.LoadContext]::IsImportedAgain -and $inner) { [Swarm.LoadContext]::Export($inner, $ExecutionContext.SessionState.Module) }

# Commands and type data are in a runspace once, for all copies of the module, and go with the copy that came first. Another copy takes them over.
$ExecutionContext.SessionState.Module.OnRemove = {
    $removed = $ExecutionContext.SessionState.Module
    foreach ($other in Get-Module Swarm -All) {
        if ([object]::ReferenceEquals($other, $removed) -or $other.Guid -ne $removed.Guid) { continue }
        foreach ($types in $removed.NestedModules) {
            if ($types.Name -ne 'Swarm.Types') { continue }
            Remove-Module $types -Force
            & $other { Import-Module $args[0] } "$($other.ModuleBase)/Swarm.Types.psd1"
        }
        if ($other.Prefix -eq $removed.Prefix) {
            # As the session sees them. This module's own scope has commands of the nested module.
            $session = [Management.Automation.PSModuleInfo]::new($true)
            $names = @($removed.ExportedCmdlets.Keys)
            $commands = & $session { foreach ($name in $args) { $ExecutionContext.InvokeCommand.GetCmdlet($name) } } @names
            [Swarm.LoadContext]::HandOver([Management.Automation.CmdletInfo[]]@($commands), $removed, $other)
        }
        break
    }
}
