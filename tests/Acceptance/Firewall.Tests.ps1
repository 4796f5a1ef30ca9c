# Rows W01–W04: the engine, the hosts and their firewalls, with the real tools on throw-away machines (hosts.sh).
# manager1 has nft, worker1 ufw, worker2 firewalld and bare1 iptables.
BeforeDiscovery {
    $missing = foreach ($tool in 'unshare', 'nsenter', 'ip', 'nft', 'iptables', 'ufw', 'firewall-cmd', 'dbus-daemon') {
        if (-not (Get-Command $tool -CommandType Application -ErrorAction Ignore) -and -not [IO.File]::Exists("/usr/sbin/$tool")) { $tool }
    }
    # Needs root on Linux, and the tools that tests/lab/provision.sh installs.
    $cannot = -not $IsLinux -or -not [Environment]::IsPrivilegedProcess -or $missing
    if ($cannot) { [Console]::Out.WriteLine("skipped: hosts and firewalls need root on Linux$(if ($missing) { " and $($missing -join ', ') (tests/lab/provision.sh)" })") }
}

Describe 'Hosts' -Skip:$cannot {
    BeforeAll {
        . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
        $repository = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..'))
        $hosts = [IO.Path]::Combine($PSScriptRoot, 'hosts.sh')
        $lab = [IO.Path]::Combine([IO.Path]::GetTempPath(), "swarm-hosts-$PID")
        function Invoke-On {
            param([string] $Machine, [string] $Script)
            $said = & $hosts in $lab $Machine sh -c $Script 2>&1
            if ($LASTEXITCODE -ne 0) { throw "On $Machine, '$Script' ended with $LASTEXITCODE`: $said" }
            $said
        }
        # Runs a script of this module in a process of that machine.
        function Invoke-ModuleOn {
            param([string] $Machine, [string] $Script, [string] $Before = '')
            $file = [IO.Path]::Combine($lab, "script-$([Guid]::NewGuid().ToString('n')).ps1")
            # An error as its message alone: PowerShell would break it into lines.
            [IO.File]::WriteAllText($file, @"
`$ErrorActionPreference = 'Stop'
Import-Module '$repository/out/Swarm/Swarm.psd1'
try { $Script } catch { [Console]::Error.WriteLine("`$_"); exit 1 }
"@)
            Invoke-On $Machine "$Before $pwsh -NoProfile -NonInteractive -File $file"
        }
        & $hosts up $lab manager1 worker1 worker2 bare1
        if ($LASTEXITCODE -ne 0) { throw 'The machines cannot be made.' }
        [IO.File]::WriteAllText("$lab/nftables.conf", @'
flush ruleset
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif lo accept
        ip protocol icmp accept
    }
}
'@ + "`n")
        Invoke-On manager1 'cp nftables.conf /etc/nftables.conf; nft -f /etc/nftables.conf'
        Invoke-On worker1 'ufw --force enable'
        Invoke-On worker2 'mkdir -p /run/dbus; dbus-daemon --system --fork >/dev/null; firewalld --nofork --nopid >firewalld.log 2>&1 & for i in $(seq 300); do firewall-cmd --state >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1'
        Invoke-On bare1 'for t in iptables ip6tables; do $t -A INPUT -i lo -j ACCEPT; $t -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; $t -P INPUT DROP; done'
        # Install-SwarmDaemon creates this group: its members may use swarmd without being root.
        Invoke-On worker2 'groupadd --system swarm'
        $address = @{ manager1 = '10.99.0.1'; worker1 = '10.99.0.2'; worker2 = '10.99.0.3' }
        $session = @{}
        foreach ($node in 'manager1', 'worker1', 'worker2') {
            Invoke-On $node "setsid dotnet $repository/out/Swarm/swarmd/swarmd.dll --state-dir $lab/$node --socket $lab/$node.sock --hostname $node --executor Process --listen 0.0.0.0 --advertise $($address[$node]) </dev/null >$node.swarmd.log 2>&1 & echo `$! >$node.swarmd"
            $socket = "$lab/$node.sock"
            Wait-Until { [IO.File]::Exists($socket) } "the socket of $node"
            $session[$node] = Connect-Swarm -Socket $socket -NoDefault:($node -ne 'manager1')
        }
    }
    AfterAll {
        if ($session) { Disconnect-Swarm -Session @($session.Values) }
        & $hosts down $lab
    }

    Context 'Before there is a swarm (W04)' {
        BeforeAll {
            $shown = 'ForEach-Object { "$($_.Port) $($_.State) $($_.OpenedBy) $($_.Provider)" }'
            # A process of worker2 that is not root, with a group of its own and swarmd's socket.
            function Invoke-AsNobody {
                param([string] $Group, [string] $Script)
                Invoke-ModuleOn worker2 $Script "SWARM_SOCKET=$lab/worker2.sock setpriv --reuid=65534 --regid=$Group --clear-groups env HOME=/tmp"
            }
        }
        It 'the local swarmd opens the ports of its host, and closes them again' {
            "$($session.worker2.State)" | Should -Be 'Inactive'
            $rules = Add-SwarmFirewallRule -Session $session.worker2 -Role Worker
            ($rules | ForEach-Object { "$($_.Port) $($_.State) $($_.OpenedBy) $($_.Provider)" }) -join ', ' |
                Should -Be '7946/tcp Open Swarm Firewalld, 7946/udp Open Swarm Firewalld, 4789/udp Open Swarm Firewalld'
            "$(Invoke-On worker2 'firewall-cmd --permanent --query-port=7946/udp')" | Should -Be 'yes'
            Remove-SwarmFirewallRule -Session $session.worker2 -Role Worker -Force
            "$(Invoke-On worker2 'firewall-cmd --permanent --zone=public --list-ports; firewall-cmd --zone=public --list-ports')".Trim() | Should -Be ''
        }
        It 'who is not root asks it too, as a member of the group swarm' {
            Invoke-AsNobody swarm "Add-SwarmFirewallRule -Role Worker | $shown" |
                Should -Be '7946/tcp Open Swarm Firewalld', '7946/udp Open Swarm Firewalld', '4789/udp Open Swarm Firewalld'
            Invoke-AsNobody swarm 'Remove-SwarmFirewallRule -Role Worker -Force'
            "$(Invoke-On worker2 'firewall-cmd --zone=public --list-ports')".Trim() | Should -Be ''
        }
        It 'who is neither is told both ways' {
            { Invoke-AsNobody 65534 'Add-SwarmFirewallRule' } | Should -Throw -ExpectedMessage '*by root only. Nothing was changed.*sudo pwsh*members of the group swarm may ask it*'
        }
    }

    Context 'A closed port (W04)' {
        BeforeAll {
            $swarm = Initialize-Swarm -AdvertiseAddress 10.99.0.1
            $join = @{ Token = $swarm.WorkerToken; RemoteAddress = '10.99.0.1'; ErrorAction = 'Stop' }
        }
        It 'blocks a join, and the error names it' {
            $failed = $null
            try { Join-Swarm @join -AdvertiseAddress 10.99.0.2 -Session $session.worker1 } catch { $failed = $_ }
            $failed.FullyQualifiedErrorId | Should -BeLike 'ManagerUnreachable*'
            $failed.Exception.Message | Should -BeLike '*2377/tcp on 10.99.0.1 does not answer: no answer in time.*'
            $failed.ErrorDetails.Message | Should -BeLike '*no firewall * closes 2377/tcp. Add-SwarmFirewallRule*'
        }
        It 'is shown, with the firewall that closes it' {
            $rules = Get-SwarmFirewallRule -Session $session.manager1
            ($rules | ForEach-Object Port) -join ' ' | Should -Be '2377/tcp 7946/tcp 7946/udp 4789/udp'
            ($rules | ForEach-Object { "$($_.State) $($_.Provider)" }) -join ', ' |
                Should -Be 'Closed Nftables, Closed Nftables, Closed Nftables, Closed Nftables'
            Test-SwarmFirewallRule -Session $session.manager1 -Quiet | Should -BeFalse
        }
        It '-WhatIf says the exact commands and changes nothing' {
            Add-SwarmFirewallRule -Session $session.manager1 -WhatIf -InformationVariable plan
            ($plan | ForEach-Object { "$_" }) -join "`n" | Should -BeLike '*nft -f -*insert rule inet filter input tcp dport 2377 accept*'
            (Invoke-On manager1 'nft list ruleset') -join "`n" | Should -Not -BeLike '*2377*'
        }
        It 'is opened by the local swarmd, and the join goes through' {
            $rules = Add-SwarmFirewallRule -Session $session.manager1
            @($rules | Where-Object { "$($_.State) $($_.OpenedBy) $($_.Permanent)" -eq 'Open Swarm True' }).Count | Should -Be 4
            $null = Join-Swarm @join -AdvertiseAddress 10.99.0.2 -Session $session.worker1
            $null = Join-Swarm @join -AdvertiseAddress 10.99.0.3 -Session $session.worker2
            Wait-Until { @(Get-SwarmNode | Where-Object State -EQ Ready).Count -eq 3 } 'three nodes Ready'
        }
        It 'stays open when the firewall is loaded anew' {
            Invoke-On manager1 'nft -f /etc/nftables.conf'
            Test-SwarmFirewallRule -Session $session.manager1 -Quiet | Should -BeTrue
        }
    }

    Context 'Every node through the pipeline (W04)' {
        It 'each swarmd opens what its node needs, with the firewall of its host' {
            $rules = Get-SwarmNode | Add-SwarmFirewallRule
            ($rules | Where-Object Port -EQ '7946/udp' | ForEach-Object { "$($_.Node) $($_.Provider) $($_.State)" }) -join ', ' |
                Should -Be 'manager1 Nftables Open, worker1 Ufw Open, worker2 Firewalld Open'
            @($rules | Where-Object { $_.Port -eq '2377/tcp' -and $_.Node -ne 'manager1' }).Count | Should -Be 0
            Get-SwarmNode | Test-SwarmFirewallRule -Quiet | Should -BeTrue
        }
        It 'the hosts'' own tools show it' {
            Invoke-On worker1 'ufw show added' | Where-Object { $_ -like 'ufw allow 4789/udp comment *' } | Should -Not -BeNullOrEmpty
            "$(Invoke-On worker2 'firewall-cmd --permanent --query-port=7946/tcp')" | Should -Be 'yes'
            "$(Invoke-On worker2 'firewall-cmd --query-port=4789/udp')" | Should -Be 'yes'
        }
        It 'is not done twice' {
            Get-SwarmNode | Add-SwarmFirewallRule -WhatIf -InformationVariable plan
            @($plan).Count | Should -Be 0
        }
        It 'opens a published port, and closes only that again' {
            $null = Get-SwarmNode worker* | Add-SwarmFirewallRule -Port 80:8080/tcp
            "$((Get-SwarmFirewallRule worker1 | Where-Object Port -EQ '80/tcp').State)" | Should -Be 'Open'
            Get-SwarmNode worker* | Remove-SwarmFirewallRule -Port 80 -Force
            @(Get-SwarmNode worker* | Get-SwarmFirewallRule | Where-Object Port -EQ '80/tcp').Count | Should -Be 0
            Get-SwarmNode | Test-SwarmFirewallRule -Quiet | Should -BeTrue
        }
        It 'leaves what the administrator opened' {
            Invoke-On worker1 'ufw allow 22/tcp'
            Remove-SwarmFirewallRule worker1 -Force
            (Invoke-On worker1 'ufw show added' | Where-Object { $_ -like 'ufw *' }) -join ',' | Should -Be 'ufw allow 22/tcp'
        }
        It 'is limited to the nodes when asked to' {
            $rules = Add-SwarmFirewallRule worker1 -SwarmOnly
            @($rules | Where-Object { ($_.RemoteAddress -join ',') -eq '10.99.0.1,10.99.0.2,10.99.0.3' -and $_.State -eq 'Open' }).Count | Should -Be 3
        }
        It 'does not overrule a rule that closes a port' {
            Invoke-On worker2 "firewall-cmd --zone=public --add-rich-rule='rule port port=7946 protocol=tcp drop'"
            { Add-SwarmFirewallRule worker2 -ErrorAction Stop } | Should -Throw -ErrorId 'PortClosedByAdministrator*' -ExpectedMessage '*worker2*7946/tcp*'
        }
    }

    Context 'Checks (W03)' {
        It 'finds every node reaching every other' {
            $checks = Get-SwarmNode manager1, worker1 | Test-SwarmHost
            ($checks | Where-Object { $_.Node -eq 'worker1' -and $_.Name -eq 'Port 2377/tcp to 10.99.0.1' }).Detail | Should -Be 'answers'
            "$(($checks | Where-Object { $_.Node -eq 'manager1' -and $_.Name -eq 'Port 7946/tcp to 10.99.0.2' }).Status)" | Should -Be 'Passed'
            "$(($checks | Where-Object { $_.Node -eq 'worker1' -and $_.Name -eq 'Clock' }).Status)" | Should -Be 'Passed'
            "$(($checks | Where-Object { $_.Node -eq 'worker1' -and $_.Name -eq 'Address' }).Status)" | Should -Be 'Passed'
            "$(($checks | Where-Object { $_.Node -eq 'worker1' -and $_.Name -eq 'Firewall' }).Status)" | Should -Be 'Passed'
        }
        It 'names the port that a firewall closes, and what to do' {
            $check = Get-SwarmNode manager1 | Test-SwarmHost | Where-Object Name -EQ 'Port 7946/tcp to 10.99.0.3'
            "$($check.Status)" | Should -Be 'Failed'
            $check.Detail | Should -BeLike '7946/tcp on 10.99.0.3 does not answer: *'
            $check.Remedy | Should -BeLike '*Add-SwarmFirewallRule*'
        }
    }

    Context 'Datagrams, each way (W03)' {
        BeforeAll {
            function Get-Udp {
                param($Checks)
                ($Checks | Where-Object Name -Like '*/udp *' | ForEach-Object { "$($_.Node) $($_.Name -replace '^Port ') $($_.Status)" }) -join ', '
            }
            # Ahead of every chain of the machine's own firewall.
            $cut = 'table inet cut { chain input { type filter hook input priority -100; udp dport 4789 ip saddr 10.99.0.1 drop; }; }'
        }
        It 'nodes that let them through hear each other' {
            Get-Udp (Get-SwarmNode manager1, worker1 | Test-SwarmHost | Where-Object Name -NotLike '*10.99.0.3') |
                Should -Be 'manager1 7946/udp to 10.99.0.2 Passed, manager1 4789/udp to 10.99.0.2 Passed, worker1 7946/udp to 10.99.0.1 Passed, worker1 4789/udp to 10.99.0.1 Passed'
        }
        It 'one direction that is closed is told from the other' {
            Invoke-On worker1 "nft '$cut'"
            $checks = Get-SwarmNode manager1, worker1 | Test-SwarmHost | Where-Object Name -NotLike '*10.99.0.3'
            Invoke-On worker1 'nft delete table inet cut'
            Get-Udp $checks |
                Should -Be 'manager1 7946/udp to 10.99.0.2 Passed, manager1 4789/udp to 10.99.0.2 Failed, worker1 7946/udp to 10.99.0.1 Passed, worker1 4789/udp to 10.99.0.1 Passed'
            ($checks | Where-Object { $_.Name -eq 'Port 4789/udp to 10.99.0.2' }).Remedy | Should -BeLike 'Open 4789/udp on 10.99.0.2 (Add-SwarmFirewallRule there)*'
        }
    }

    Context 'A machine without swarmd (W01–W04)' {
        It 'its ports are opened in the cmdlet''s own process' {
            $said = Invoke-ModuleOn bare1 'Add-SwarmFirewallRule | ForEach-Object { "$($_.Port) $($_.State) $($_.OpenedBy) $($_.Provider)" }'
            ($said | Where-Object { $_ -like '*Swarm Iptables' }).Count | Should -Be 4
            @(Invoke-On bare1 'iptables -S INPUT' | Where-Object { $_ -like '*Swarm rule*' }).Count | Should -Be 4
            @(Invoke-On bare1 'ip6tables -S INPUT' | Where-Object { $_ -like '*Swarm rule*' }).Count | Should -Be 4
        }
        It 'needs root' {
            { Invoke-ModuleOn bare1 'Get-SwarmFirewallRule' 'setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp' } |
                Should -Throw -ExpectedMessage '*by root only*'
        }
        It 'two active firewalls are not guessed between' {
            Invoke-On bare1 'cp nftables.conf /tmp/n; sed -i /flush/d /tmp/n; nft -f /tmp/n'
            { Invoke-ModuleOn bare1 'Add-SwarmFirewallRule' } | Should -Throw -ExpectedMessage '*nftables and iptables*'
            Invoke-On bare1 'nft delete table inet filter'
        }
        It 'the checks say what is missing' {
            $said = Invoke-ModuleOn bare1 'Test-SwarmHost -ManagerAddress 10.99.0.1 -Role Worker | ForEach-Object { "$($_.Name): $($_.Status)" }'
            $said | Where-Object { $_ -eq 'Port 2377/tcp to 10.99.0.1: Passed' } | Should -Not -BeNullOrEmpty
            $said | Where-Object { $_ -eq 'Engine: Failed' } | Should -Not -BeNullOrEmpty
        }
        It 'before joining, a manager tries its ports, and it the manager''s' {
            $null = New-SwarmCredential bare "$lab/bare.pem" -Session $session.manager1
            $both = "`$manager = Connect-Swarm -ManagerAddress 10.99.0.1 -CertificatePath $lab/bare.pem -NoDefault
                Test-SwarmHost -ManagerAddress 10.99.0.1 -Role Worker -Session `$manager | Where-Object Name -Like 'Port *' | ForEach-Object { `"`$(`$_.Name -replace '^Port '): `$(`$_.Status)`" }"
            $open = '2377/tcp to 10.99.0.1: Passed', '7946/tcp to 10.99.0.1: Passed', '7946/udp to 10.99.0.1: Passed', '4789/udp to 10.99.0.1: Passed',
            '7946/tcp from manager1: Passed', '7946/udp from manager1: Passed', '4789/udp from manager1: Passed'
            Invoke-ModuleOn bare1 $both | Should -Be $open
            Invoke-On bare1 "nft 'table inet cut { chain input { type filter hook input priority -100; meta l4proto { tcp, udp } th dport 7946 drop; }; }'"
            $from = Invoke-ModuleOn bare1 $both
            Invoke-On bare1 'nft delete table inet cut'
            $from | Should -Be ($open -replace '(7946/... from manager1): Passed', '$1: Failed')
            Invoke-On manager1 "nft 'table inet cut { chain input { type filter hook input priority -100; udp dport 4789 drop; }; }'"
            $to = Invoke-ModuleOn bare1 $both
            Invoke-On manager1 'nft delete table inet cut'
            $to | Should -Be ($open -replace '(4789/udp to 10.99.0.1): Passed', '$1: Failed')
        }
        It 'the commands that install an engine are shown' {
            $said = Invoke-ModuleOn bare1 'Install-SwarmEngine -Source Distribution -User docker -WhatIf -InformationVariable plan; $plan | ForEach-Object { "plan $_" }'
            $said | Where-Object { $_ -eq 'plan apt-get --yes install docker.io' } | Should -Not -BeNullOrEmpty
            $said | Where-Object { $_ -eq 'plan docker run --rm hello-world' } | Should -Not -BeNullOrEmpty
        }
        It 'swarmd is put there without systemd too, and starts as its unit says' {
            $said = Invoke-ModuleOn bare1 '$done = Install-SwarmDaemon -WarningVariable said -WarningAction SilentlyContinue; $done.ExecStart; "$said"'
            $exec = "$(Invoke-On bare1 'sed -n s/^ExecStart=//p /etc/systemd/system/swarmd.service')"
            $said[0] | Should -Be $exec
            $said[1] | Should -BeLike "systemd does not run on this host: have its own service manager start '$exec' as root.*"
            Invoke-On bare1 "setsid $exec </dev/null >bare1.swarmd.log 2>&1 & echo `$! >bare1.swarmd; for i in `$(seq 300); do test ! -S /run/swarm/swarmd.sock || exit 0; sleep 0.1; done; cat bare1.swarmd.log; exit 1"
            Invoke-ModuleOn bare1 '"$((Connect-Swarm).State)"' | Should -Be 'Inactive'
            Invoke-On bare1 'kill $(cat bare1.swarmd)'
            $null = Invoke-ModuleOn bare1 'Uninstall-SwarmDaemon -RemoveData -Force -WarningAction SilentlyContinue'
            Invoke-On bare1 'for f in /usr/local/lib/swarm /etc/systemd/system/swarmd.service /var/lib/swarm; do test ! -e $f || exit 1; done'
        }
        It 'an engine is removed, with its data when told so' {
            Invoke-On bare1 'mkdir -p /var/lib/docker/volumes'
            $said = Invoke-ModuleOn bare1 'Uninstall-SwarmEngine -Force | ForEach-Object { "packages: $($_.Packages)" }'
            $said | Where-Object { $_ -eq 'packages: docker.io' } | Should -Not -BeNullOrEmpty
            "$(Invoke-On bare1 'dpkg-query --show --showformat=\${db:Status-Status} docker.io; ls -d /var/lib/docker/volumes')" | Should -Not -BeLike 'installed*'
            $null = Invoke-ModuleOn bare1 'Uninstall-SwarmEngine -RemoveData -Force'
            Invoke-On bare1 'test ! -e /var/lib/docker'
        }
        It 'without network the error says so' {
            { Invoke-ModuleOn bare1 'Install-SwarmEngine -Source Distribution' } | Should -Throw -ExpectedMessage '*cannot reach its package repository*'
        }
    }

    Context 'A node whose swarmd is gone' {
        It 'is named, and the others go on' {
            # The process has another number inside the namespace than here.
            Invoke-On worker2 'kill -KILL $(cat worker2.swarmd)'
            Wait-Until { "$((Get-SwarmNode worker2).State)" -ne 'Ready' } 'worker2 not Ready'
            $rules = Get-SwarmNode | Get-SwarmFirewallRule -ErrorAction SilentlyContinue -ErrorVariable failed
            @($failed).Count | Should -Be 1
            $failed[0].FullyQualifiedErrorId | Should -BeLike 'NodeNotConnected*'
            "$($failed[0])" | Should -BeLike '*swarmd of node worker2 is not connected*'
            (@($rules | ForEach-Object Node | Where-Object { $_ -ne 'manager1' -and $_ -ne 'worker1' })).Count | Should -Be 0
        }
    }
}
