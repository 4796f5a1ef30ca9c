#!/usr/bin/env bash
# lab.sh up|down|stop-daemon NAME|start-daemon NAME: three hosts with an engine each, and on each a swarmd in front of it. The swarm itself is made by the tests.
#
#   SWARMD=   the folder of swarmd (default: out/Swarm/swarmd)
#   PLANE=    docker (default) or builtin: which control plane swarmd serves
#   Everything else as for tests/lab/up.sh. Sockets: $LAB/nodes/NAME/PLANE/swarmd.sock
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$(dirname "$here")")
export LAB=${LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/swarm-conformance} LAB_NAME=${LAB_NAME:-conf} LAB_NET=${LAB_NET:-10.96.0}
source "$root/tests/lab/lib.sh"
swarmd=${SWARMD:-$root/out/Swarm/swarmd}
plane=${PLANE:-docker}
lab_settings

# A pid file inside the node would be of the node's pid namespace: what is recorded is nsenter, which ends with swarmd.
start_daemon() {
    local name=$1 dir=$LAB/nodes/$1/$plane program
    mkdir -p "$dir"
    recorded_pid "$dir/nsenter.pid" >/dev/null && return
    rm -f "$dir/swarmd.sock"
    if [[ -f $swarmd/swarmd.dll ]]; then program=("$(type -P dotnet)" "$swarmd/swarmd.dll"); else program=("$swarmd/swarmd"); fi
    spawn "$dir/nsenter.pid" "$dir/log" env "DOTNET_ROOT=${DOTNET_ROOT:-}" "$root/tests/lab/bin/node" sh "$name" "${program[@]}" \
        --control-plane "$plane" --state-dir "$dir/state" --socket "$dir/swarmd.sock" --advertise "$(node_address "$name")" --hostname "$name"
    wait_for 60 test -S "$dir/swarmd.sock" || { tail -n 5 "$dir/log" >&2; die "swarmd of $name does not start"; }
}

# Ending nsenter does not end what it runs: swarmd's own pid, as the node sees it, is in its state folder.
stop_daemon() {
    local name=$1 dir=$LAB/nodes/$1/$plane
    [[ -f $dir/nsenter.pid ]] || return 0
    # shellcheck disable=SC2016 # expanded inside
    "$root/tests/lab/bin/node" sh "$name" bash -c 'kill "$(<"$1/state/swarmd.pid")"' - "$dir" 2>/dev/null || true
    wait_for 20 not_running "$dir/nsenter.pid" || end_recorded "$dir/nsenter.pid" KILL 5
    rm -f "$dir/nsenter.pid" "$dir/swarmd.sock"
}

case ${1:-} in
    up)
        "$root/tests/lab/up.sh" 3
        for dir in "$LAB"/nodes/*/; do start_daemon "$(basename "$dir")"; done
        ;;
    down)
        [[ -d $LAB/nodes ]] || exit 0
        for dir in "$LAB"/nodes/*/; do stop_daemon "$(basename "$dir")"; done
        "$root/tests/lab/down.sh"
        ;;
    start-daemon) start_daemon "$2" ;;
    stop-daemon) stop_daemon "$2" ;;
    *) die "usage: lab.sh up|down|start-daemon NAME|stop-daemon NAME" ;;
esac
