#!/usr/bin/env bash
# up.sh [N]: a lab of N nodes (3 without N) on this machine, each with its own engine. Idempotent; more nodes may be added.
#
#   MANAGERS=1        the number of managers (manager1 10.99.0.11, …) among the N; the others are workers (worker1 10.99.0.21, …)
#   LAB=              state folder
#   LAB_NAME=lab      start of the names of bridge, interfaces and cgroup } set both, and LAB, for a second lab
#   LAB_NET=10.99.0   the nodes' network, a /24                           } on the same machine
#   LAB_PRIVATE=/etc/docker   folders of which each node gets a copy of its own, empty at first, separated by spaces
#   ENGINE_ARGS=      more arguments for each dockerd
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
source "$here/lib.sh"

count=${1:-3} managers=${MANAGERS:-1}
[[ $count =~ ^[1-9][0-9]*$ && $managers =~ ^[0-9]$ ]] || die "usage: [MANAGERS=0..9] up.sh [N]"
((managers <= count)) || die "MANAGERS=$managers is more than $count nodes"
need_root
need_commands dockerd docker ip iptables curl unshare nsenter setsid flock
lab_lock
lab_settings

nodes=()
for ((i = 1; i <= managers; i++)); do nodes+=("manager$i"); done
for ((i = 1; i <= count - managers; i++)); do nodes+=("worker$i"); done

bridge=$(bridge)
has_bridge() { ip link show "$bridge" >/dev/null 2>&1; }
if [[ ! -s $LAB/settings ]]; then
    # Before anything is changed: down.sh touches a machine only where there are settings.
    if has_bridge; then
        die "a lab of another LAB folder has the bridge $bridge; set LAB_NAME and LAB_NET for a second one"
    fi
    # With two bridges for the same network, the machine would reach the nodes of only one of them.
    if [[ -n $(ip -o address show to "$LAB_NET.0/24") ]]; then
        die "this machine already has an address in $LAB_NET.0/24; LAB_NET names another network"
    fi
    mkdir -p "$LAB/nodes"
    printf '%s %s\n' "$LAB_NAME" "$LAB_NET" >"$LAB/settings"
fi
if ! has_bridge; then
    ip link add "$bridge" type bridge
    # The bridge gets an address of its own. Otherwise it takes the lowest of its ports' and changes it with them, and nodes keep sending to
    # the old one.
    ip link set "$bridge" address 02:00:5e:10:00:01
    ip address add "$LAB_NET.1/24" dev "$bridge"
    ip link set "$bridge" up
fi
forward_rule --check 2>/dev/null || forward_rule --insert

# The first engine makes the archive, once; waiting for that costs less than making it in each of them.
boot() {
    mkdir -p "$LAB/nodes/$1"
    "$here/bin/node" boot "$1"
    DOCKER_HOST=unix://$LAB/nodes/$1/docker.sock "$here/images.sh" >/dev/null
    say "$1 $(node_address "$1")"
}

boot "${nodes[0]}"
jobs=()
for name in "${nodes[@]:1}"; do
    boot "$name" 9>&- &
    jobs+=("$!")
done
failed=0
for job in "${jobs[@]}"; do
    wait "$job" || failed=1
done
((failed == 0)) || die "not all nodes are up"
