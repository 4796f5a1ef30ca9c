@{
    RootModule           = 'Swarm.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '6f2d7c0e-3a52-4b0c-9d6e-0b8f6a1c52d7'
    Author               = 'The Swarm maintainers'
    CompanyName          = 'Swarm'
    Copyright            = '(c) The Swarm maintainers. MIT License.'
    Description          = 'Docker-swarm-style orchestration from PowerShell: nodes, services, tasks, rolling updates, and a sandbox to try them in.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('Swarm.Format.ps1xml')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    CmdletsToExport      = @(
        'Add-SwarmFirewallRule'
        'Get-SwarmFirewallRule'
        'Remove-SwarmFirewallRule'
        'Test-SwarmFirewallRule'
        'Install-SwarmDaemon'
        'Uninstall-SwarmDaemon'
        'Install-SwarmEngine'
        'Uninstall-SwarmEngine'
        'Test-SwarmHost'
        'Connect-Swarm'
        'Disconnect-Swarm'
        'Exit-Swarm'
        'Get-Swarm'
        'Initialize-Swarm'
        'Join-Swarm'
        'Set-Swarm'
        'Unlock-Swarm'
        'Get-SwarmCredential'
        'New-SwarmCredential'
        'Revoke-SwarmCredential'
        'Watch-SwarmEvent'
        'Get-SwarmJoinToken'
        'Reset-SwarmJoinToken'
        'Get-SwarmNetwork'
        'New-SwarmNetwork'
        'Remove-SwarmNetwork'
        'Get-SwarmNode'
        'Remove-SwarmNode'
        'Set-SwarmNode'
        'Test-SwarmPlacement'
        'Get-SwarmSandbox'
        'Start-SwarmSandbox'
        'Stop-SwarmSandbox'
        'Invoke-SwarmScale'
        'Get-SwarmService'
        'New-SwarmService'
        'Remove-SwarmService'
        'Restart-SwarmService'
        'Set-SwarmService'
        'Undo-SwarmService'
        'Wait-SwarmService'
        'Get-SwarmServiceRevision'
        'Get-SwarmSession'
        'Get-SwarmTask'
        'Stop-SwarmTask'
        'Get-SwarmUnlockKey'
        'Reset-SwarmUnlockKey'
    )
    PrivateData          = @{
        PSData = @{
            # The build adds a tag for each system that has a swarmd in the package, the release notes, and addresses.
            Tags         = @('Docker', 'Swarm', 'Container', 'Orchestration', 'Cluster', 'PSEdition_Core')
            LicenseUri   = 'https://opensource.org/license/mit'
        }
    }
}
