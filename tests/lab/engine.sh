#!/usr/bin/env bash
# engine.sh start|stop|status: one container engine for the tests, on the usual socket. An engine that answers already is used and never stopped.
set -euo pipefail
state=${SWARM_LAB:-/var/tmp/swarm-lab}/engine
socket=/var/run/docker.sock

answers() { curl -s -m 2 --unix-socket "$socket" http://engine/_ping >/dev/null 2>&1; }

# Our engine's process id, if it is still that engine: ids are used again.
ours() {
    [ -s "$state/pid" ] || return 1
    local pid
    pid=$(cat "$state/pid")
    grep -q dockerd "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

case ${1:-} in
start)
    if answers; then
        echo "An engine answers on $socket."
        exit 0
    fi
    mkdir -p "$state"
    setsid dockerd -H "unix://$socket" --data-root "$state/data" --exec-root "$state/exec" -p "$state/docker.pid" \
        --insecure-registry 127.0.0.0/8 </dev/null >"$state/log" 2>&1 &
    echo $! >"$state/pid"
    for _ in $(seq 150); do
        answers && { echo "Engine started, process $(cat "$state/pid")."; exit 0; }
        kill -0 "$(cat "$state/pid")" 2>/dev/null || break
        sleep 0.2
    done
    echo "The engine did not answer; the end of its log:" >&2
    tail -n 20 "$state/log" >&2
    exit 1
    ;;
stop)
    if pid=$(ours); then
        kill "$pid"
        for _ in $(seq 150); do
            [ -d "/proc/$pid" ] || break
            sleep 0.2
        done
    fi
    rm -f "$state/pid"
    ;;
status)
    if answers; then echo running; else echo stopped; exit 1; fi
    ;;
*)
    echo 'engine.sh start|stop|status' >&2
    exit 64
    ;;
esac
