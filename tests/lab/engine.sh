#!/usr/bin/env bash
# engine.sh start|stop|status: one container engine for tests, on the default socket (or ENGINE_SOCKET).
#
# An engine that already answers there is used as it is, and never stopped: it belongs to somebody else.
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

socket=${ENGINE_SOCKET:-/var/run/docker.sock}
state=$LAB/engine
record=$state/dockerd.pid
log=$state/dockerd.log

start() {
    if engine_answers "$socket"; then
        say "an engine answers on $socket: using it"
        return
    fi
    need_root
    need_commands dockerd curl setsid
    mkdir -p "$state"
    not_running "$record" || die "dockerd $(recorded_pid "$record") was started on another socket, or does not answer; see $log"
    [[ -e /sys/fs/cgroup/cgroup.controllers || -d /sys/fs/cgroup/memory ]] ||
        die "no cgroups in /sys/fs/cgroup; the package cgroupfs-mount mounts them"
    # Sockets below the state folder of the engine can get longer paths than a socket may have, so that one is in /run.
    # cgroupfs is named because there need not be a systemd.
    spawn "$record" "$log" dockerd --host "unix://$socket" --data-root "$state/data" \
        --exec-root "/run/swarm-lab-engine" --pidfile "$state/docker.pid" --exec-opt native.cgroupdriver=cgroupfs
    if ! await_engine "$socket" "$record" "$log"; then
        end_recorded "$record" TERM 60
        die "dockerd does not answer on $socket; see $log"
    fi
    say "started dockerd $(recorded_pid "$record") on $socket"
}

stop() {
    local pid
    if ! pid=$(recorded_pid "$record"); then
        rm -f "$record"
        say "nothing to stop: this script started no engine that still runs"
        return
    fi
    # dockerd stops its containers first, each with its own grace period.
    end_recorded "$record" TERM 60
    say "stopped dockerd $pid; its images are kept in $state"
}

status() {
    local pid
    if pid=$(recorded_pid "$record"); then
        say "dockerd $pid, started by this script"
    fi
    engine_answers "$socket" || { say "no engine answers on $socket"; return 1; }
    say "an engine answers on $socket"
}

case ${1:-} in
    start | stop | status) "$1" ;;
    *) die "usage: engine.sh start|stop|status" ;;
esac
