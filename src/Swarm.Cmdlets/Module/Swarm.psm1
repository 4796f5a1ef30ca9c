# Uses only the engine itself: a host may have no other module. The engine compiles a call site for every method called from script, which
# is
# most of an import's time. So there is only one call, and static properties, which need no call site. Swarm.psd1 has loaded Swarm.Shared.
$ErrorActionPreference = 'Stop'
$inner = Import-Module -Assembly ([Swarm.LoadContext]::Initialize($PSScriptRoot)) -PassThru

# When the module is imported again (-Force, another runspace) the engine finds the assembly's commands in its cache.
# It does not give them to the new module.
if ([Swarm.LoadContext]::IsImportedAgain -and $inner) {
    $add = [Management.Automation.PSModuleInfo].GetMethod('AddExportedCmdlet', [Reflection.BindingFlags]'Instance, NonPublic')
    if ($add) {
        foreach ($command in $inner.ExportedCmdlets.Values) {
            $null = $add.Invoke($ExecutionContext.SessionState.Module, @(, $command))
        }
    }
}
