# Follows docs/hosts.md from its first command to its last, on three throw-away machines (hosts.sh boot). Each has a real systemd, apt,
# engine and firewalld.
# The commands are the document's own, with one substitute: New-PSSession and Invoke-Command start a process in that machine, since SSH
# needs a pwsh there.
BeforeDiscovery {
    $missing = foreach ($tool in 'unshare', 'nsenter', 'ip', 'findmnt', 'python3', 'apt-get', 'dockerd', 'systemctl', 'dbus-daemon') {
        if (-not (Get-Command $tool -CommandType Application -ErrorAction Ignore) -and -not [IO.File]::Exists("/usr/sbin/$tool")) { $tool }
    }
    # Needs root on Debian, and what tests/lab/provision.sh installs.
    $debian = [IO.File]::Exists('/etc/debian_version') -and [IO.File]::Exists('/lib/systemd/systemd')
    $cannot = -not $IsLinux -or -not [Environment]::IsPrivilegedProcess -or -not $debian -or $missing
    if ($cannot) { [Console]::Out.WriteLine("skipped: the tutorial of docs/hosts.md needs root on a Debian with systemd$(if ($missing) { " and $($missing -join ', ') (tests/lab/provision.sh)" })") }
}

Describe 'From three bare hosts to a swarm' -Skip:$cannot {
    BeforeAll {
        . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
        $hostsScript = [IO.Path]::Combine($PSScriptRoot, 'hosts.sh')
        $folder = [IO.Path]::Combine([IO.Path]::GetTempPath(), "swarm-tutorial-$PID")
        $page = [IO.File]::ReadAllText([IO.Path]::Combine($root, 'docs', 'hosts.md'))
        $machines = @{ '10.0.0.1' = 'manager1'; '10.0.0.2' = 'worker1'; '10.0.0.3' = 'worker2' }

        # The code of a section of the page, by the section's heading.
        function Get-PageCommand {
            param([string] $Section)
            if ($page -notmatch "(?ms)^## $([regex]::Escape($Section))`$.*?^``````powershell\n(.*?)^``````") { throw "docs/hosts.md has no commands under '$Section'." }
            $Matches[1]
        }
        function Invoke-Shell {
            param([string] $Machine, [string] $Script)
            $said = & $hostsScript in $folder $Machine sh -c $Script 2>&1
            if ($LASTEXITCODE -ne 0) { throw "On $Machine, '$Script' ended with $LASTEXITCODE`: $said" }
            $said
        }
        function New-PSSession {
            param([string] $HostName, [string] $UserName)
            if ($UserName -ne 'root') { throw "Not tried as $UserName." }
            [pscustomobject]@{ Machine = $machines[$HostName] }
        }
        # Runs in a process of that machine; the output is deserialized, as with remoting.
        function Invoke-Command {
            param([object[]] $Session, [scriptblock] $ScriptBlock)
            $text = "$ScriptBlock"
            $values = @{}
            foreach ($match in [regex]::Matches($text, '\$using:(\w+)')) {
                $name = $match.Groups[1].Value
                $values[$name] = $ExecutionContext.SessionState.PSVariable.GetValue($name)
            }
            foreach ($one in $Session) {
                $call = [IO.Path]::Combine($folder, [Guid]::NewGuid().ToString('n'))
                [IO.File]::WriteAllText("$call.values", [Management.Automation.PSSerializer]::Serialize($values))
                [IO.File]::WriteAllText("$call.ps1", @"
`$ErrorActionPreference = 'Stop'
Import-Module '$root/out/Swarm/Swarm.psd1'
# From these machines only Debian's own repositories can be reached.
`$PSDefaultParameterValues = @{ 'Install-SwarmEngine:Source' = 'Distribution' }
`$values = [Management.Automation.PSSerializer]::Deserialize([IO.File]::ReadAllText('$call.values'))
`$answer = @(& {
$($text -replace '\$using:(\w+)', '$$values.$1')
})
[IO.File]::WriteAllText('$call.answer', [Management.Automation.PSSerializer]::Serialize(`$answer, 2))
"@)
                $said = Invoke-Shell $one.Machine "$pwsh -NoProfile -NonInteractive -File $call.ps1"
                $said | Where-Object { $_ } | ForEach-Object { [Console]::Out.WriteLine("$($one.Machine): $_") }
                [Management.Automation.PSSerializer]::Deserialize([IO.File]::ReadAllText("$call.answer"))
            }
        }

        $env:HOSTS_NETWORK = '10.0.0'
        & $hostsScript boot $folder manager1 worker1 worker2
        if ($LASTEXITCODE -ne 0) { throw 'The machines cannot be made.' }
        & $hostsScript relay $folder
        if ($LASTEXITCODE -ne 0) { throw 'The relay cannot be started.' }
        foreach ($machine in 'manager1', 'worker1', 'worker2') {
            # The machine has neither engine nor firewall. It is up to date: old packages of this machine are no subject of the tutorial.
            Invoke-Shell $machine @'
set -e
export DEBIAN_FRONTEND=noninteractive
for f in /etc/apt/sources.list.d/*; do grep -q deb.debian.org $f || rm -f $f; done
echo 'Acquire::http::Proxy "http://10.0.0.254:3128"; Acquire::http::Pipeline-Depth "0";' >/etc/apt/apt.conf.d/99relay
rm -f /var/lib/man-db/auto-update
apt-get --yes purge docker.io containerd runc firewalld >/dev/null
rm -rf /var/lib/docker /etc/docker /var/lib/swarm /etc/swarm
dpkg-query --show --showformat='${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii *//p' | xargs apt-mark hold >/dev/null
! command -v dockerd && ! command -v firewalld && ! id docker 2>/dev/null
'@ | ForEach-Object { }
        }
    }
    AfterAll {
        & $hostsScript down $folder
        $env:HOSTS_NETWORK = $null
    }

    It 'the commands of the page end with three nodes' {
        $said = @(. ([scriptblock]::Create((Get-PageCommand 'From three bare hosts to a swarm, in one pipeline'))))
        # Only the three joins and Get-SwarmNode write output. Missing features of this machine's kernel are no subject of the page.
        ($said | Where-Object { $_.PSObject.TypeNames[0] -like '*Swarm.HostCheck' -and $_.Name -notlike 'Kernel*' } | ForEach-Object { "$($_.Node) $($_.Name): $($_.Detail)" }) -join "`n" | Should -Be ''
        $nodes = @($said | Where-Object { $_.PSObject.TypeNames[0] -like '*Swarm.Node' })
        (@($nodes | ForEach-Object Name | ForEach-Object { "$_" }) -join ' ') | Should -Be 'manager1 worker1 worker2'
    }
    It 'every host has its engine, its firewall and its swarmd, now and after a restart' {
        foreach ($machine in 'manager1', 'worker1', 'worker2') {
            foreach ($service in 'docker', 'firewalld', 'swarmd') {
                "$machine $service $(Invoke-Shell $machine "systemctl is-active $service; systemctl is-enabled $service")" | Should -Be "$machine $service active enabled"
            }
            "$(Invoke-Shell $machine 'id -Gn docker')" | Should -Be 'docker'
            "$(Invoke-Shell $machine 'stat -c %G:%a /run/swarm/swarmd.sock')" | Should -Be 'swarm:660'
            Invoke-Command ([pscustomobject]@{ Machine = $machine }) { Test-SwarmFirewallRule -Quiet } | Should -BeTrue
        }
    }
    It 'the nodes are Ready, with the engine that was installed' {
        $manager = [pscustomobject]@{ Machine = 'manager1' }
        Wait-Until { @(Invoke-Command $manager { Get-SwarmNode | Where-Object State -EQ Ready }).Count -eq 3 } 'three nodes Ready'
        $engine = "$(Invoke-Shell manager1 "docker version --format '{{.Server.Version}}'")"
        @(Invoke-Command $manager { Get-SwarmNode } | ForEach-Object { "$($_.EngineVersion)" }) | Should -Be $engine, $engine, $engine
    }
    It 'swarmd is put in the place of itself, and the node is the same' {
        $worker = [pscustomobject]@{ Machine = 'worker1' }
        $before = "$(Invoke-Shell worker1 'systemctl show --property MainPID swarmd')"
        $installed = Invoke-Command $worker { Install-SwarmDaemon }
        "$(Invoke-Shell worker1 'systemctl show --property MainPID swarmd')" | Should -Not -Be $before
        "$(Invoke-Shell worker1 'systemctl show --property ExecStart swarmd')" | Should -BeLike "*argv``[``]=$($installed.ExecStart) ;*"
        Invoke-Shell worker1 'test ! -e /usr/local/lib/swarm.old -a ! -e /usr/local/lib/swarm.new'
        Wait-Until { @(Invoke-Command ([pscustomobject]@{ Machine = 'manager1' }) { Get-SwarmNode | Where-Object State -EQ Ready }).Count -eq 3 } 'three nodes Ready'
    }
    It 'swarmd comes back when it is killed' {
        $before = "$(Invoke-Shell worker1 'systemctl show --property MainPID --value swarmd')"
        Invoke-Shell worker1 "kill -KILL $before"
        Wait-Until { "$(Invoke-Shell worker1 'systemctl show --property MainPID,ActiveState --value swarmd')" -match '^(?!0 )\d+ active$' -and $Matches[0] -ne "$before active" } 'swarmd is back'
    }
    It 'the commands that take a host out leave nothing of it' {
        $lines = (Get-PageCommand 'Taking a host out') -split "`n"
        $onManager = ($lines | Where-Object { $_ -like '*# on a manager' }) -join "`n"
        $onWorker = ($lines | Where-Object { $_ -and $_ -notlike '*# on a manager' }) -join "`n"
        Invoke-Command ([pscustomobject]@{ Machine = 'manager1' }) ([scriptblock]::Create($onManager))
        # Nobody is there to confirm.
        $null = Invoke-Command ([pscustomobject]@{ Machine = 'worker2' }) ([scriptblock]::Create("`$ConfirmPreference = 'None'`n$onWorker"))
        Invoke-Shell worker2 'for f in /usr/local/lib/swarm /etc/systemd/system/swarmd.service /var/lib/swarm /var/lib/docker; do test ! -e $f || { echo $f; exit 1; }; done; ! command -v dockerd; ! systemctl is-active swarmd'
        "$(Invoke-Shell worker2 'firewall-cmd --zone=public --list-ports 2>/dev/null')" | Should -Be ''
        Wait-Until { Invoke-Command ([pscustomobject]@{ Machine = 'manager1' }) { "$((Get-SwarmNode worker2).State)" -eq 'Down' } } 'worker2 Down'
    }

    # docs/control-planes.md, "Other nodes' hosts": the same hosts with their engines' own swarm.
    Context 'From there to a Docker Swarm, whose hosts are looked after through its manager' {
        BeforeAll {
            $page = [IO.File]::ReadAllText([IO.Path]::Combine($root, 'docs', 'control-planes.md'))
            $page = $page.Substring($page.IndexOf("## Other nodes' hosts"))
            $onWorker = [regex]::Match($page, '(?ms)^```powershell\n(.*?)^```').Groups[1].Value
            $settings = [regex]::Match($page, '(?ms)^```json\n(.*?)^```').Groups[1].Value
            $manager, $worker = 'manager1', 'worker1' | ForEach-Object { [pscustomobject]@{ Machine = $_ } }
            function Set-DaemonSetting {
                param($Machine, [string] $Json)
                Invoke-Shell $Machine.Machine "mkdir -p /etc/swarm; cat >/etc/swarm/swarmd.json <<'END'`n$Json`nEND`nsystemctl restart swarmd"
            }
        }
        It 'the engines make a swarm' {
            foreach ($machine in $worker, $manager) {
                Invoke-Command $machine { Exit-Swarm -Force }
                Set-DaemonSetting $machine '{ "control-plane": "docker" }'
            }
            $swarm = Invoke-Command $manager { Initialize-Swarm -AdvertiseAddress 10.0.0.1 }
            $null = Invoke-Command $worker { Join-Swarm -Token $using:swarm.WorkerToken -RemoteAddress 10.0.0.1 }
            Wait-Until { @(Invoke-Command $manager { Get-SwarmNode | Where-Object State -EQ Ready }).Count -eq 2 } 'two nodes Ready'
        }
        It 'a node that the manager does not know the swarmd of is named, and its host is left alone' {
            $answer = Invoke-Command $manager {
                $rules = Get-SwarmNode | Add-SwarmFirewallRule -Port 8080/tcp -ErrorAction SilentlyContinue -ErrorVariable refused
                "$($refused.FullyQualifiedErrorId) $($refused.TargetObject)"
                $rules | Where-Object Port -EQ '8080/tcp' | ForEach-Object { "$($_.Node) $($_.State)" }
            }
            $answer[0] | Should -BeLike 'NodeNotConnected,*worker1'
            $answer[1] | Should -Be 'manager1 Open'
            "$(Invoke-Shell worker1 'firewall-cmd --zone=public --query-port=8080/tcp || true')" | Should -Be 'no'
        }
        It 'as a peer it is looked after like the manager' {
            $null = Invoke-Command $worker ([scriptblock]::Create($onWorker.Replace('./worker1.pem', "$folder/worker1.pem")))
            Set-DaemonSetting $manager $settings.Replace('/etc/swarm/worker1.pem', "$folder/worker1.pem")
            $answer = Invoke-Command $manager { Get-SwarmNode | Add-SwarmFirewallRule -Port 8080/tcp | Where-Object Port -EQ '8080/tcp' | ForEach-Object { "$($_.Node) $($_.State)" } }
            $answer | Should -Be 'manager1 Open', 'worker1 Open'
            "$(Invoke-Shell worker1 'firewall-cmd --zone=public --query-port=8080/tcp; firewall-cmd --permanent --zone=public --query-port=8080/tcp')" | Should -Be 'yes yes'
        }
        It 'and the rule is taken away again, by the pipeline too' {
            $null = Invoke-Command $manager { Get-SwarmNode | Remove-SwarmFirewallRule -Port 8080/tcp -Force }
            foreach ($machine in 'manager1', 'worker1') { "$(Invoke-Shell $machine 'firewall-cmd --zone=public --query-port=8080/tcp || true')" | Should -Be 'no' }
        }
    }
}
