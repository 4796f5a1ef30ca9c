#!/usr/bin/env bash
# registry.sh start|stop: two registries on loopback, where pulls by digest and with credentials are tested.
# 127.0.0.1:5000 is open and serves library/alpine and library/redis; 127.0.0.1:5001 wants user swarm, password secret, and serves private/alpine.
set -euo pipefail
state=${SWARM_LAB:-/var/tmp/swarm-lab}/registry

answers() { curl -s -m 2 -o /dev/null "http://127.0.0.1:$1/v2/"; }

serve() { # NAME PORT AUTH-LINES
    local name=$1 port=$2 auth=$3
    answers "$port" && return 0
    mkdir -p "$state/$name"
    cat >"$state/$name.yml" <<YML
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: $state/$name } }
http: { addr: 127.0.0.1:$port }
$auth
YML
    setsid docker-registry serve "$state/$name.yml" </dev/null >"$state/$name.log" 2>&1 &
    echo $! >"$state/$name.pid"
    for _ in $(seq 100); do
        answers "$port" && return 0
        sleep 0.1
    done
    echo "The registry on port $port did not answer:" >&2
    tail -n 5 "$state/$name.log" >&2
    return 1
}

push() { # IMAGE TARGET
    docker tag "$1" "$2"
    docker push -q "$2" >/dev/null
    docker rmi "$2" >/dev/null
}

case ${1:-} in
start)
    mkdir -p "$state"
    serve open 5000 ''
    [ -s "$state/htpasswd" ] || htpasswd -Bbn swarm secret >"$state/htpasswd"
    serve private 5001 "auth: { htpasswd: { realm: test, path: $state/htpasswd } }"
    curl -s http://127.0.0.1:5000/v2/_catalog | grep -q library/redis || {
        push alpine:latest 127.0.0.1:5000/library/alpine:latest
        for version in 3.0.6 3.0.7; do push "redis:$version" "127.0.0.1:5000/library/redis:$version"; done
    }
    # The credentials go to a folder of the lab's, never to the user's own configuration.
    curl -s -u swarm:secret http://127.0.0.1:5001/v2/_catalog | grep -q private/alpine || {
        export DOCKER_CONFIG=$state/docker-config
        echo secret | docker login -u swarm --password-stdin 127.0.0.1:5001 >/dev/null 2>&1
        push alpine:latest 127.0.0.1:5001/private/alpine:latest
        rm -rf "$DOCKER_CONFIG"
    }
    ;;
stop)
    for file in "$state"/*.pid; do
        [ -s "$file" ] || continue
        pid=$(cat "$file")
        ! grep -q docker-registry "/proc/$pid/cmdline" 2>/dev/null || kill "$pid"
        rm -f "$file"
    done
    ;;
*)
    echo 'registry.sh start|stop' >&2
    exit 64
    ;;
esac
