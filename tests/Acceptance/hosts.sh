#!/usr/bin/env bash
# hosts.sh makes throw-away machines for the acceptance tests. They are copies of this machine with network, mount, process and host name
# namespaces of their own. Their network is their own too: 10.99.0.1, .2, … in the order of the names, or HOSTS_NETWORK=10.0.0 for 10.0.0.1,
# ….
#   hosts.sh up DIR NAME...             starts machines
#   hosts.sh boot DIR NAME...           starts machines with a real systemd as their first process
#   hosts.sh relay DIR                  lets their apt reach Debian's repositories
#   hosts.sh in DIR NAME COMMAND...     runs a command in a machine
#   hosts.sh down DIR                   ends all of them
#
# Changes in them never reach this machine: the root is an overlay, and only DIR and the repository are the real ones.
set -euo pipefail
verb=$1 dir=$2
shift 2
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
network=${HOSTS_NETWORK:-10.99.0}
group=swarm-hosts-${dir##*/}

hold() { # NAME SCRIPT [OPTION...]: starts a process that holds namespaces; DIR/NAME.pid has its pid, as this machine sees it
    local name=$1 script=$2
    shift 2
    setsid bash -ec '[ -z "$1" ] || for procs in $1; do echo $$ >"$procs"; done; shift; exec "$@"' hold "$(cgroups "$name" "$@")" \
        unshare --net --mount --pid --uts "$@" --fork --kill-child bash -euc "$script" "$name" </dev/null >"$dir/$name.log" 2>&1 &
    echo $! >"$dir/$name.unshare"
    for _ in $(seq 300); do
        [ ! -e "$dir/$name.ready" ] || break
        sleep 0.1
    done
    [ -e "$dir/$name.ready" ] || { cat "$dir/$name.log" >&2; exit 1; }
    cat "/proc/$(cat "$dir/$name.unshare")/task/$(cat "$dir/$name.unshare")/children" | tr -d ' ' >"$dir/$name.pid"
}

# With --cgroup: makes the machine's own group in every hierarchy, and prints the files that put a process there.
cgroups() { # NAME [OPTION...]
    [[ " ${*:2} " == *" --cgroup "* ]] || return 0
    local hierarchy
    for hierarchy in $(findmnt --noheadings --list --output TARGET --types cgroup,cgroup2 | grep '^/sys/fs/cgroup'); do
        mkdir -p "$hierarchy/$group/$1"
        # A new group of this hierarchy takes no process before it has both.
        for file in cpuset.cpus cpuset.mems; do
            [ ! -e "$hierarchy/$group/$1/$file" ] || for at in "$hierarchy/$group" "$hierarchy/$group/$1"; do
                cat "$hierarchy/$file" >"$at/$file" 2>/dev/null || true
            done
        done
        echo "$hierarchy/$group/$1/cgroup.procs"
    done
}

inside() { # NAME COMMAND...
    local name=$1
    shift
    nsenter --target "$(cat "$dir/$name.pid")" --net --mount --pid --uts -- chroot /mnt/root env -C "$dir" PATH="$PATH:/usr/sbin:/sbin" "$@"
}

machine="
    hostname \"\$0\"
    mount --make-rprivate /
    mkdir -p /mnt
    mount -t tmpfs throw-away /mnt
    mkdir /mnt/upper /mnt/work /mnt/root
    mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
    mount -t proc proc /mnt/root/proc
    mount -t sysfs sysfs /mnt/root/sys
    mount -t tmpfs tmpfs /mnt/root/run
    mount --bind '$dir' '/mnt/root$dir'
    [ -d '/mnt/root$repository/src' ] || mount --rbind '$repository' '/mnt/root$repository'
    ip link set lo up
"
# The machine's own devices.
devices="
    mount --rbind /dev /mnt/root/dev
"
# systemd makes and removes files in /dev, and changes settings that the kernel has only once. So it gets devices of its own, and starts
# only its journal and the bus.
systemd="
    mount -t tmpfs tmpfs /mnt/root/dev
    for device in null zero full random urandom tty; do
        touch /mnt/root/dev/\$device
        mount --bind /dev/\$device /mnt/root/dev/\$device
    done
    mkdir /mnt/root/dev/pts /mnt/root/dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts /mnt/root/dev/pts
    ln -s pts/ptmx /mnt/root/dev/ptmx
    for n in 0 1 2; do ln -s /proc/self/fd/\$n /mnt/root/dev/fd\$n; done
    ln -s /proc/self/fd /mnt/root/dev/fd
    groups=\$(findmnt --noheadings --list --output TARGET,FSTYPE,FS-OPTIONS --types cgroup,cgroup2 | grep '^/sys/fs/cgroup')
    case \"\$groups\" in '/sys/fs/cgroup '*) ;; *) mount -t tmpfs tmpfs /mnt/root/sys/fs/cgroup ;; esac
    echo \"\$groups\" | while read -r target type options; do
        mkdir -p \"/mnt/root\$target\"
        case \$type in
            cgroup2) mount -t cgroup2 cgroup2 \"/mnt/root\$target\" ;;
            *)
                options=\$(echo \"\$options\" | tr , '\n' | grep -Ev '^(rw|relatime|xattr|release_agent=.*)\$' | paste -sd,)
                case \$options in name=*) options=none,\$options ;; esac
                mount -t cgroup -o \"\$options\" cgroup \"/mnt/root\$target\"
                ;;
        esac
    done
    rm -rf /mnt/root/etc/systemd/system/*.wants /mnt/root/etc/systemd/system/*.requires
    for unit in /mnt/root/lib/systemd/system/*.wants/*; do
        case \${unit##*/} in dbus.* | systemd-journald*.socket | systemd-journald.service) ;; *) rm -f \"\$unit\" ;; esac
    done
    # The mounts of this machine's disks do not apply to them.
    : >/mnt/root/etc/fstab
    # The file that forbids packages to start their services is for this machine only.
    rm -f /mnt/root/usr/sbin/policy-rc.d
    # Every machine has a machine id of its own.
    tr -d - </proc/sys/kernel/random/uuid >/mnt/root/etc/machine-id
    echo \"\$0\" >/mnt/root/etc/hostname
"

machines() { # SCRIPT OPTION... -- NAME...
    local script=$1 options=() number=0
    shift
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    mkdir -p "$dir"
    hold switch "ip link add lan type bridge; ip address add $network.254/24 dev lan; ip link set lan up; touch '$dir/switch.ready'; exec sleep infinity"
    for name in "$@"; do
        number=$((number + 1))
        hold "$name" "$script" ${options[@]+"${options[@]}"}
        nsenter --target "$(cat "$dir/switch.pid")" --net -- sh -ec "
            ip link add port$number type veth peer name eth0 netns $(cat "$dir/$name.pid")
            ip link set port$number master lan up"
        inside "$name" sh -ec "ip address add $network.$number/24 dev eth0; ip link set eth0 up"
    done
}

case $verb in
    up)
        machines "$machine $devices touch '$dir/'\$0.ready; exec sleep infinity" -- "$@"
        ;;
    boot)
        machines "$machine $systemd touch '$dir/'\$0.ready
            exec chroot /mnt/root env -i container=swarm PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
                /lib/systemd/systemd --unit=multi-user.target" --ipc --cgroup -- "$@"
        for name in "$@"; do
            for _ in $(seq 300); do
                ! inside "$name" systemctl is-active --quiet multi-user.target 2>/dev/null || continue 2
                sleep 0.1
            done
            cat "$dir/$name.log" >&2
            echo "systemd does not come up in $name" >&2
            exit 1
        done
        ;;
    relay)
        setsid python3 "$repository/tests/Acceptance/relay.py" "$(cat "$dir/switch.pid")" "$network.254" 3128 "$dir/relay.ready" </dev/null >"$dir/relay.log" 2>&1 &
        echo $! >"$dir/relay.unshare"
        for _ in $(seq 100); do
            [ ! -e "$dir/relay.ready" ] || break
            sleep 0.1
        done
        [ -e "$dir/relay.ready" ] || { cat "$dir/relay.log" >&2; exit 1; }
        ;;
    in)
        inside "$@"
        ;;
    down)
        for file in "$dir"/*.unshare; do
            # --kill-child: the namespaces and all their processes end with it.
            [ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
        done
        for hierarchy in $(findmnt --noheadings --list --output TARGET --types cgroup,cgroup2 | grep '^/sys/fs/cgroup'); do
            # A killed process leaves its group only when it has ended.
            for _ in $(seq 50); do
                [ -d "$hierarchy/$group" ] || break
                find "$hierarchy/$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
            done
        done
        rm -rf "$dir"
        ;;
esac
