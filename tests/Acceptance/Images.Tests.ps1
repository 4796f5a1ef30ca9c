# Images of a real registry (tests/lab/registry.sh): digests pinned at create, credentials. For SWARM_ACCEPTANCE_EXECUTOR=Docker, and for
# the lab with either control plane.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    $nodes = Start-TestSwarm acceptance-images
    $private = "$privateRegistry/private/web:1"
    function Get-Credential {
        param([string] $Password)
        $secret = [securestring]::new()
        foreach ($letter in $Password.ToCharArray()) { $secret.AppendChar($letter) }
        [pscredential]::new('swarm', $secret)
    }
    # The digest of a tag, as the registry itself reports it.
    function Get-RegistryDigest {
        param([string] $Name, [string] $Tag)
        $request = [Net.Http.HttpRequestMessage]::new('HEAD', "http://$($registry.Split('/')[0])/v2/library/$Name/manifests/$Tag")
        $request.Headers.Add('Accept', 'application/vnd.docker.distribution.manifest.v2+json')
        $response = [Net.Http.HttpClient]::new().Send($request)
        @($response.Headers.GetValues('Docker-Content-Digest'))[0]
    }
    function Push-Image {
        param([string] $From, [string] $To)
        $null = Invoke-Docker manager1 'tag', $From, $To
        $null = Invoke-Docker manager1 'push', '--quiet', $To
        $null = Invoke-Docker manager1 'image', 'rm', $To
    }
    # The error of a task for an image that its node may not pull.
    function Get-NoSuchImage { param([string] $Words) if (Test-Difference 'registry-words') { "No such image: $private" } else { "No such image: $private*$Words*" } }
    function Remove-Image { param([string] $Image) foreach ($node in $nodes.Name) { try { Invoke-Docker $node 'image', 'rm', '--force', $Image } catch { $null = $_ } } }
    Remove-Image $private
}
AfterAll {
    Stop-TestSwarm acceptance-images
    Remove-Image $private
}

Describe 'Digests' {
    AfterEach { Get-SwarmService 'd*' | Remove-SwarmService -Force -Wait }
    It 'a service is pinned to what its tag means at create' {
        $made = New-SwarmService -Name digest -Image "${redis}:3.0.6" -Wait -WarningVariable warnings
        $made.Image | Should -Be "${redis}:3.0.6@$(Get-RegistryDigest redis 3.0.6)"
        $warnings | Should -BeNullOrEmpty
        (Get-RunningTask digest).Image | Should -Be $made.Image
    }
    It 'a tag that moves does not move the service; a new -Image does' {
        Push-Image redis:3.0.6 "${registry}moving:1"
        $first = Get-RegistryDigest moving 1
        $null = New-SwarmService -Name digest -Image "${registry}moving:1" -Wait
        Push-Image redis:3.0.7 "${registry}moving:1"
        $second = Get-RegistryDigest moving 1
        $second | Should -Not -Be $first
        Invoke-SwarmScale digest 3 -Wait
        foreach ($task in Get-RunningTask digest) { $task.Image | Should -Be "${registry}moving:1@$first" }
        foreach ($task in Get-RunningTask digest) { Invoke-Docker $task.Node 'exec', $task.ContainerId, 'redis-server', '--version' | Should -Match '3\.0\.6' }
        Set-SwarmService digest -Image "${registry}moving:1" -UpdateParallelism 0 -UpdateMonitor 100ms -Wait
        foreach ($task in Get-RunningTask digest) { $task.Image | Should -Be "${registry}moving:1@$second" }
    }
    It '-NoResolveImage leaves the tag as it is' {
        (New-SwarmService -Name digest -Image "${redis}:3.0.6" -NoResolveImage -Wait).Image | Should -Be "${redis}:3.0.6"
    }
    It 'an image that no registry has is a warning at create, and the task says what is wrong' {
        $null = New-SwarmService -Name digest -Image "${registry}nosuch:9" -RestartDelay 1h -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike "*${registry}nosuch:9*"
        Wait-Until { @(Get-SwarmTask digest | Where-Object State -EQ Rejected).Count -gt 0 } 'a rejected task'
        @(Get-SwarmTask digest | Where-Object State -EQ Rejected)[0].Error | Should -BeLike "No such image: ${registry}nosuch:9*"
    }
}

Describe 'Credentials' {
    AfterEach { Get-SwarmService 'p*' | Remove-SwarmService -Force -Wait }
    It 'without one the pull is refused, and the task and the warning say why' {
        $null = New-SwarmService -Name private -Image $private -RestartDelay 1h -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike "*$private*no basic auth credentials*-RegistryCredential*"
        Wait-Until { @(Get-SwarmTask private | Where-Object State -EQ Rejected).Count -gt 0 } 'a rejected task'
        @(Get-SwarmTask private | Where-Object State -EQ Rejected)[0].Error | Should -BeLike (Get-NoSuchImage 'no basic auth credentials')
    }
    It 'a wrong password is refused by name of the registry' {
        $null = New-SwarmService -Name private -Image $private -RegistryCredential (Get-Credential wrong) -RestartDelay 1h -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike "*$private*unauthorized*-RegistryCredential*"
        Wait-Until { @(Get-SwarmTask private | Where-Object State -EQ Rejected).Count -gt 0 } 'a rejected task'
        @(Get-SwarmTask private | Where-Object State -EQ Rejected)[0].Error | Should -BeLike (Get-NoSuchImage 'unauthorized')
    }
    It 'with it every node that has a task pulls' {
        $made = New-SwarmService -Name private -Image $private -Replicas 3 -RegistryCredential (Get-Credential secret) -Wait -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
        $made.Running | Should -Be 3
        $made.Image | Should -Match "^$([regex]::Escape($private))@sha256:[0-9a-f]{64}$"
    }
    It 'and it is kept for tasks to come, but shown to nobody' {
        $null = New-SwarmService -Name private -Image $private -RegistryCredential (Get-Credential secret) -Wait
        Remove-Image $private
        Invoke-SwarmScale private 3 -Wait
        (Get-SwarmService private).Running | Should -Be 3
        $text = [System.Management.Automation.PSSerializer]::Serialize(@((Get-SwarmService private), (Get-SwarmServiceRevision private), @(Get-SwarmTask private)), 5)
        $text | Should -Not -Match 'secret'
    }
    It 'a credential that comes later mends the service' {
        $null = New-SwarmService -Name private -Image $private -NoResolveImage -RestartDelay 1h -UpdateMonitor 100ms
        Remove-Image $private
        Set-SwarmService private -RegistryCredential (Get-Credential secret) -ForceUpdate -Wait
        (Get-SwarmService private).Running | Should -Be 1
    }
}
