# Only what the engine itself has: a host may bring no other module.
$ErrorActionPreference = 'Stop'
$bin = [IO.Path]::Combine($PSScriptRoot, 'bin')
$null = [Reflection.Assembly]::LoadFrom([IO.Path]::Combine($bin, 'Swarm.Shared.dll'))
$assembly = [Swarm.LoadContext]::Initialize([IO.Path]::Combine($bin, 'module'))
$inner = Import-Module -Assembly $assembly -PassThru

# When the module is imported again (-Force) the engine finds the assembly's commands in its cache, and does not hand them to the new module.
if ($inner) {
    $add = [Management.Automation.PSModuleInfo].GetMethod('AddExportedCmdlet', [Reflection.BindingFlags]'Instance, NonPublic')
    if ($add) {
        foreach ($command in $inner.ExportedCmdlets.Values) {
            $null = $add.Invoke($ExecutionContext.SessionState.Module, @(, $command))
        }
    }
}
