# Only what the engine itself has: a host may bring no other module. Every method called from script makes the engine compile a call site, which is most
# of an import's time: so one call, and static properties (read without a call site). Swarm.psd1 has loaded Swarm.Shared.
$ErrorActionPreference = 'Stop'
$inner = Import-Module -Assembly ([Swarm.LoadContext]::Initialize($PSScriptRoot)) -PassThru

# When the module is imported again (-Force, another runspace) the engine finds the assembly's commands in its cache, and does not hand them to the new module.
if ([Swarm.LoadContext]::IsImportedAgain -and $inner) {
    $add = [Management.Automation.PSModuleInfo].GetMethod('AddExportedCmdlet', [Reflection.BindingFlags]'Instance, NonPublic')
    if ($add) {
        foreach ($command in $inner.ExportedCmdlets.Values) {
            $null = $add.Invoke($ExecutionContext.SessionState.Module, @(, $command))
        }
    }
}
