# Administration from another machine: a client certificate of the swarm's authority, and sessions over its port. In front of a Docker
# Swarm, each swarmd has an authority of its own.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $WarningPreference = 'SilentlyContinue'
    $folder = [IO.Directory]::CreateTempSubdirectory('swarm-acceptance-').FullName
    function Get-Path { param([string] $Name) [IO.Path]::Combine($folder, $Name) }
    $otherBox = Start-SwarmSandbox acceptance-remote2 -Workers 0 -Executor Process
    $foreign = New-SwarmCredential stranger (Get-Path 'foreign.pem')
    $nodes = Start-TestSwarm acceptance-remote
    $manager, $worker, $null = $nodes
    # The address of a node's daemon for sessions from other machines.
    function Get-Remote { param($Node) if (Test-Difference 'remote-port') { $Node.Address -replace ':2377$', ':2378' } else { $Node.Address } }
    $managerAddress = Get-Remote $manager
    $workerAddress = Get-Remote $worker
    $local = Get-SwarmSession | Where-Object IsDefault
    $clusterId = (Get-Swarm).Id
    $credential = New-SwarmCredential admin (Get-Path 'admin.pem')
}
AfterAll {
    Stop-TestSwarm acceptance-remote
    Stop-SwarmSandbox acceptance-remote2
    [IO.Directory]::Delete($folder, $true)
}

Describe 'A client certificate' {
    It 'is a file of its owner, and says who, how long and where' {
        $credential.Name | Should -Be 'admin'
        $credential.CertificatePath | Should -Be (Get-Path 'admin.pem')
        $credential.ManagerAddress | Should -Be $managerAddress
        $credential.ExpiresAt | Should -BeGreaterThan ([DateTime]::Now)
        if (-not $IsWindows) { "$([IO.File]::GetUnixFileMode($credential.CertificatePath))" | Should -Be 'UserWrite, UserRead' }
    }
    It 'is not overwritten without -Force' {
        $before = [IO.File]::ReadAllText($credential.CertificatePath)
        { New-SwarmCredential admin $credential.CertificatePath -ErrorAction Stop } | Should -Throw -ErrorId 'CredentialExists*' -PassThru | Should -BeLike '*-Force*'
        [IO.File]::ReadAllText($credential.CertificatePath) | Should -Be $before
    }
    It 'cannot live shorter or longer than is sensible' {
        foreach ($expiry in '1s', '200000h') { { New-SwarmCredential admin (Get-Path 'life.pem') -Expiry $expiry -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidSetting*' -PassThru | Should -BeLike '*20 years*' }
        [IO.File]::Exists((Get-Path 'life.pem')) | Should -BeFalse
    }
}

Describe 'A remote session' {
    It 'is opened with <file> by the pipeline, and does what the socket does' -ForEach @{ File = 'session.pem' }, @{ File = 'session.pfx' } {
        $session = New-SwarmCredential $file (Get-Path $file) | Connect-Swarm -NoDefault
        $session.IsLocal | Should -BeFalse
        $session.Endpoint | Should -Be $managerAddress
        (Get-SwarmNode -Session $session).Name | Should -Be $nodes.Name
        $null = New-SwarmService -Name web -Image "${redis}:3.0.6" -Replicas 2 -Wait -Session $session
        (Get-SwarmService web).Running | Should -Be 2
        Set-SwarmService web -Image "${redis}:3.0.7" -Wait -Session $session
        Remove-SwarmService web -Force -Wait -Session $session
        Get-SwarmService | Should -BeNullOrEmpty
        Disconnect-Swarm -Session $session
    }
    It 'is the default where it was not said otherwise, and the local one is again after Disconnect-Swarm' {
        $session = Connect-Swarm -ManagerAddress $managerAddress -CertificatePath $credential.CertificatePath
        (Get-SwarmSession | Where-Object IsDefault).Id | Should -Be $session.Id
        (Get-Swarm).Id | Should -Be $clusterId
        Disconnect-Swarm
        @(Get-SwarmSession | Where-Object Id -EQ $session.Id).Count | Should -Be 0
        { Get-SwarmNode -Session $session -ErrorAction Stop } | Should -Throw -ErrorId 'SessionClosed*'
        { Disconnect-Swarm -Session $session -ErrorAction Stop } | Should -Throw -ErrorId 'SessionNotFound*'
        $null = Connect-Swarm -Socket $local.Endpoint
    }
    It 'tries one manager after the other' {
        $session = Connect-Swarm -ManagerAddress $workerAddress, $managerAddress -CertificatePath $credential.CertificatePath -NoDefault
        (Get-SwarmNode manager1 -Session $session).Name | Should -Be 'manager1'
        Disconnect-Swarm -Session $session
    }
    It 'may not end the manager itself' {
        $session = Connect-Swarm -ManagerAddress $managerAddress -CertificatePath $credential.CertificatePath -NoDefault
        { Exit-Swarm -Force -Session $session -ErrorAction Stop } | Should -Throw
        "$((Get-Swarm).State)" | Should -Be 'Active'
        Disconnect-Swarm -Session $session
    }
}

Describe 'What opens no session' {
    BeforeAll { $sessions = @(Get-SwarmSession).Count }
    AfterEach { @(Get-SwarmSession).Count | Should -Be $sessions }
    It 'an address where nobody answers, which is named' {
        $failure = { Connect-Swarm -ManagerAddress '127.0.0.1:2', '127.0.0.1:1' -CertificatePath $credential.CertificatePath -ErrorAction Stop } |
            Should -Throw -ErrorId 'ManagerUnavailable*' -ExpectedMessage "*127.0.0.1:2*127.0.0.1:1*" -PassThru
        "$($failure.CategoryInfo.Category)" | Should -Be 'ResourceUnavailable'
        "$failure" | Should -BeLike '*Check -ManagerAddress*'
        "$failure" | Should -Not -Match 'RpcException|StatusCode|   at '
    }
    It 'an address that is none' {
        { Connect-Swarm -ManagerAddress 10.0.0.1:port -CertificatePath $credential.CertificatePath -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidAddress*' -ExpectedMessage '*10.0.0.1:port*'
    }
    It 'the certificate of another swarm, whose authority is not this one''s, or a node that is no manager' {
        foreach ($pair in @($managerAddress, $foreign.CertificatePath), @($workerAddress, $credential.CertificatePath), @($otherBox.Nodes[0].Address, $credential.CertificatePath)) {
            $failure = { Connect-Swarm -ManagerAddress $pair[0] -CertificatePath $pair[1] -ErrorAction Stop } |
                Should -Throw -ErrorId 'ManagerNotTrusted*' -PassThru
            "$failure" | Should -BeLike "*$($pair[0])*New-SwarmCredential*"
            "$($failure.CategoryInfo.Category)" | Should -Be 'AuthenticationError'
        }
    }
    It 'the certificate of another swarm that was given this one''s root' {
        $mine = [IO.File]::ReadAllText($credential.CertificatePath)
        $theirs = [IO.File]::ReadAllText($foreign.CertificatePath)
        $root = $mine.Substring($mine.LastIndexOf('-----BEGIN CERTIFICATE'))
        [IO.File]::WriteAllText((Get-Path 'mixed.pem'), $theirs.Substring(0, $theirs.LastIndexOf('-----BEGIN CERTIFICATE')) + $root)
        $failure = { Connect-Swarm -ManagerAddress $managerAddress -CertificatePath (Get-Path 'mixed.pem') -ErrorAction Stop } | Should -Throw -ErrorId 'CertificateRefused*' -PassThru
        "$failure" | Should -BeLike "*$managerAddress*New-SwarmCredential*"
        "$failure" | Should -Not -Match 'RpcException|StatusCode|   at '
    }
    It 'a certificate that has expired' {
        $key = [Security.Cryptography.ECDsa]::Create()
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=admin', $key, 'SHA256')
        $certificate = $request.CreateSelfSigned([DateTimeOffset]::UtcNow.AddDays(-9), [DateTimeOffset]::UtcNow.AddDays(-2))
        [IO.File]::WriteAllBytes((Get-Path 'expired.pfx'), $certificate.Export('Pfx', ''))
        { Connect-Swarm -ManagerAddress $managerAddress -CertificatePath (Get-Path 'expired.pfx') -ErrorAction Stop } | Should -Throw -ErrorId 'CertificateInvalid*' -PassThru | Should -BeLike '*expired*New-SwarmCredential*'
    }
    It 'a file that is none: <what>' -ForEach @(
        @{ What = 'missing'; Make = { } }, @{ What = 'noise'; Make = { param($Path) [IO.File]::WriteAllText($Path, 'noise') } }
        @{ What = 'without its key'; Make = { param($Path) [IO.File]::WriteAllText($Path, ([IO.File]::ReadAllText($credential.CertificatePath) -replace '(?s)^.*END PRIVATE KEY-----', '')) } }
    ) {
        & $Make (Get-Path "$what.pem")
        { Connect-Swarm -ManagerAddress $managerAddress -CertificatePath (Get-Path "$what.pem") -ErrorAction Stop } | Should -Throw -ErrorId 'CertificateInvalid*' -PassThru | Should -BeLike "*$what.pem*New-SwarmCredential*"
    }
}

Describe 'A credential from its making to its end' {
    BeforeAll {
        $made = New-SwarmCredential auditor (Get-Path 'auditor.pem')
        $kept = New-SwarmCredential auditor (Get-Path 'auditor2.pem')
        $serial = [Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPemFile($made.CertificatePath).SerialNumber
        $session = $made | Connect-Swarm -NoDefault
    }
    AfterAll { Disconnect-Swarm -Session $session }
    It 'is listed with its number and its end, and opens a session' {
        $listed = Get-SwarmCredential auditor | Where-Object SerialNumber -EQ $serial
        "$($listed.Name) $($listed.State)" | Should -Be 'auditor Valid'
        [Math]::Abs(($listed.ExpiresAt - $made.ExpiresAt).TotalSeconds) | Should -BeLessThan 2
        $listed.RevokedAt | Should -BeNullOrEmpty
        @(Get-SwarmCredential 'audit*').Count | Should -Be 2
        (Get-SwarmNode -Session $session).Name | Should -Be $nodes.Name
    }
    It 'revoked, it is refused at once: in the session that is open, and for a new one' {
        Revoke-SwarmCredential -SerialNumber $serial -WhatIf
        (Get-SwarmNode -Session $session).Name | Should -Be $nodes.Name
        "$((Get-SwarmCredential auditor | Where-Object SerialNumber -EQ $serial | Revoke-SwarmCredential -Force -PassThru).State)" | Should -Be 'Revoked'
        $listed = Get-SwarmCredential auditor | Where-Object SerialNumber -EQ $serial
        "$($listed.State)" | Should -Be 'Revoked'
        $listed.RevokedAt | Should -Not -BeNullOrEmpty
        { Get-SwarmNode -Session $session -ErrorAction Stop } | Should -Throw -ErrorId 'CertificateNotValid*' -PassThru | Should -BeLike "*'auditor' was revoked*New-SwarmCredential*"
        $failure = { Connect-Swarm -ManagerAddress $managerAddress -CertificatePath $made.CertificatePath -ErrorAction Stop } | Should -Throw -ErrorId 'CertificateRefused*' -PassThru
        "$failure" | Should -BeLike "*$managerAddress*auditor.pem*revoked*New-SwarmCredential*"
        "$failure" | Should -Not -Match 'RpcException|StatusCode|   at '
    }
    It 'another one of the name goes on, until the name is revoked' {
        $other = $kept | Connect-Swarm -NoDefault
        (Get-SwarmNode -Session $other).Name | Should -Be $nodes.Name
        Revoke-SwarmCredential auditor -Force
        { Get-SwarmNode -Session $other -ErrorAction Stop } | Should -Throw -ErrorId 'CertificateNotValid*'
        foreach ($state in (Get-SwarmCredential auditor).State) { "$state" | Should -Be 'Revoked' }
        Disconnect-Swarm -Session $other
    }
    It 'one that there is not is an error of its name' {
        { Get-SwarmCredential nobody -ErrorAction Stop } | Should -Throw -ErrorId 'CredentialNotFound*' -ExpectedMessage "*'nobody'*"
        { Revoke-SwarmCredential -SerialNumber 99 -Force -ErrorAction Stop } | Should -Throw -ErrorId 'CredentialNotFound*'
    }
    It 'makes no folder for its file, and says what to do' {
        $path = [IO.Path]::Combine($folder, 'none', 'auditor.pem')
        { New-SwarmCredential auditor3 $path -ErrorAction Stop } | Should -Throw -ErrorId 'FolderNotFound*' -PassThru | Should -BeLike '*New-Item*none*'
        [IO.Directory]::Exists([IO.Path]::Combine($folder, 'none')) | Should -BeFalse
        Get-SwarmCredential 'auditor3*' | Should -BeNullOrEmpty
    }
}

Describe 'A manager that goes under a session' {
    It 'is named while it is away, and the same session goes on when it is back' {
        $session = Connect-Swarm -ManagerAddress $managerAddress -CertificatePath $credential.CertificatePath -NoDefault
        $watch = [powershell]::Create([initialsessionstate]::CreateDefault2())
        $null = $watch.AddScript('param($module, $address, $certificate) Import-Module $module; $s = Connect-Swarm -ManagerAddress $address -CertificatePath $certificate -NoDefault; Watch-SwarmEvent -Session $s').AddArgument(
            [IO.Path]::Combine((Get-Module Swarm).ModuleBase, 'Swarm.psd1')).AddArgument($managerAddress).AddArgument($credential.CertificatePath)
        $seen = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $running = $watch.BeginInvoke[psobject, psobject]($null, $seen)
        Wait-Until { Set-SwarmNode $worker.Name -Label "n=$([Guid]::NewGuid())"; $seen.Count -gt 0 } 'a watch'
        Stop-TestNode $manager
        # A call whose connection breaks gives the same error as a call that reaches no manager.
        Wait-Until { $running.IsCompleted } 'the end of the watch'
        $broken = @($watch.Streams.Error; $watch.InvocationStateInfo.Reason.ErrorRecord)[0]
        $broken.FullyQualifiedErrorId | Should -BeLike 'ManagerUnavailable*'
        "$broken" | Should -BeLike "*$managerAddress*"
        $watch.Dispose()
        Wait-Until { try { $null = Get-SwarmNode -Session $local -ErrorAction Stop; $false } catch { $true } } 'the manager is gone'
        { Get-SwarmNode -Session $session -ErrorAction Stop } | Should -Throw -ErrorId 'ManagerUnavailable*' -ExpectedMessage "*$managerAddress*"
        Start-TestNode $manager
        Wait-Until { try { @(Get-SwarmNode -Session $session | Where-Object State -EQ Ready).Count -eq $nodes.Count } catch { $false } } 'all nodes Ready'
        Disconnect-Swarm -Session $session
    }
}
