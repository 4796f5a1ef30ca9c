# A module of its own inside Swarm: the engine reads the type files of Swarm.psd1 with every copy, and refuses members that it has.
@{
    ModuleVersion     = '1.0'
    GUID              = 'b8e4e2fb-52a5-4a4c-8a0e-5f2f3f5c9a41'
    TypesToProcess    = @('Swarm.Types.ps1xml')
    FunctionsToExport = @()
    CmdletsToExport   = @()
    AliasesToExport   = @()
}
