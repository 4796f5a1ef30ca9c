#!/usr/bin/env bash
# hosts.sh up DIR NAME...: throw-away machines for Firewall.Tests.ps1: copies of this one with network, mount and process namespaces of their own, on a
# network of their own (10.99.0.1, .2, … in the order of the names). hosts.sh in DIR NAME COMMAND... runs a command in one, hosts.sh down DIR ends all.
# Nothing that is done in them reaches this machine: the root is an overlay, and only DIR and the repository are the real ones.
set -euo pipefail
verb=$1 dir=$2
shift 2
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

hold() { # NAME SCRIPT: a process that holds namespaces; its pid, as this machine sees it, is in DIR/NAME.pid
    setsid unshare --net --mount --pid --fork --kill-child bash -euc "$2" "$1" </dev/null >"$dir/$1.log" 2>&1 &
    echo $! >"$dir/$1.unshare"
    for _ in $(seq 100); do
        [ ! -e "$dir/$1.ready" ] || break
        sleep 0.1
    done
    [ -e "$dir/$1.ready" ] || { cat "$dir/$1.log" >&2; exit 1; }
    cat "/proc/$(cat "$dir/$1.unshare")/task/$(cat "$dir/$1.unshare")/children" | tr -d ' ' >"$dir/$1.pid"
}

inside() { # NAME COMMAND...
    local name=$1
    shift
    nsenter --target "$(cat "$dir/$name.pid")" --net --mount --pid -- chroot /mnt/root env -C "$dir" PATH="$PATH:/usr/sbin:/sbin" "$@"
}

machine="
    mount --make-rprivate /
    mkdir -p /mnt
    mount -t tmpfs throw-away /mnt
    mkdir /mnt/upper /mnt/work /mnt/root
    mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
    mount -t proc proc /mnt/root/proc
    mount -t sysfs sysfs /mnt/root/sys
    mount --rbind /dev /mnt/root/dev
    mount -t tmpfs tmpfs /mnt/root/run
    mount --bind '$dir' '/mnt/root$dir'
    [ -d '/mnt/root$repository/src' ] || mount --rbind '$repository' '/mnt/root$repository'
    ip link set lo up
    touch '$dir/'\$0.ready
    exec sleep infinity"

case $verb in
    up)
        mkdir -p "$dir"
        hold switch "ip link add lan type bridge; ip link set lan up; touch '$dir/switch.ready'; exec sleep infinity"
        number=0
        for name in "$@"; do
            number=$((number + 1))
            hold "$name" "$machine"
            nsenter --target "$(cat "$dir/switch.pid")" --net -- sh -ec "
                ip link add port$number type veth peer name eth0 netns $(cat "$dir/$name.pid")
                ip link set port$number master lan up"
            inside "$name" sh -ec "ip address add 10.99.0.$number/24 dev eth0; ip link set eth0 up"
        done
        ;;
    in)
        inside "$@"
        ;;
    down)
        for file in "$dir"/*.unshare; do
            # --kill-child: the namespaces end with it, and all that is in them.
            [ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
        done
        rm -rf "$dir"
        ;;
esac
