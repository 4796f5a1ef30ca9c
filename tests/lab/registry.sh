#!/usr/bin/env bash
# registry.sh start|push|stop|status: two image registries on loopback.
#
#   127.0.0.1:5000  open to everybody    library/alpine, library/redis, library/web
#   127.0.0.1:5001  user and password    private/web:1
#
# start runs them, and pushes the test images when the engine that DOCKER_HOST names has them; push only pushes.
# REGISTRY_ADDRESS, REGISTRY_PORT, REGISTRY_AUTH_PORT, REGISTRY_USER, REGISTRY_PASSWORD change the defaults.
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

address=${REGISTRY_ADDRESS:-127.0.0.1}
open=$address:${REGISTRY_PORT:-5000}
closed=$address:${REGISTRY_AUTH_PORT:-5001}
user=${REGISTRY_USER:-swarm}
password=${REGISTRY_PASSWORD:-secret} # of a registry that only this machine reaches
state=$LAB/registry

# http_status URL: 000 when nobody answers
http_status() { curl --silent --max-time 2 --output /dev/null --write-out '%{http_code}' "$1" || true; }
answers() { [[ $(http_status "http://$1/v2/") == "$2" ]]; }

# run NAME ADDRESS EXPECTED [more configuration]: what /v2/ answers to a stranger tells the two kinds apart
run() {
    local name=$1 at=$2 expected=$3 more=${4:-} record=$state/$1.pid status
    if recorded_pid "$record" >/dev/null && answers "$at" "$expected"; then
        say "$name registry: already on $at"
        return
    fi
    end_recorded "$record" TERM 10
    status=$(http_status "http://$at/v2/")
    [[ $status == 000 ]] || die "something else answers on $at (HTTP $status); REGISTRY_PORT and REGISTRY_AUTH_PORT name other ports"
    mkdir -p "$state"
    cat >"$state/$name.yml" <<YAML
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: "$state/$name"}
  delete: {enabled: true}
http: {addr: "$at"}
$more
YAML
    spawn "$record" "$state/$name.log" docker-registry serve "$state/$name.yml"
    if ! wait_for 20 answers "$at" "$expected"; then
        tail -n 5 "$state/$name.log" >&2
        end_recorded "$record" TERM 10
        die "the $name registry does not answer on $at; see $state/$name.log"
    fi
    say "$name registry: docker-registry $(recorded_pid "$record") on $at"
}

start() {
    need_commands docker-registry htpasswd curl setsid
    mkdir -p "$state"
    htpasswd -nbB "$user" "$password" >"$state/htpasswd"
    run open "$open" 200
    run closed "$closed" 401 "auth: {htpasswd: {realm: swarm-lab, path: \"$state/htpasswd\"}}"
    if docker image inspect redis:3.0.6 web:1 >/dev/null 2>&1; then
        push
    else
        say "no test images on this engine: images.sh, then registry.sh push"
    fi
}

# put IMAGE REFERENCE: removes the registry's name from the engine again, so that a later pull is a real one
put() {
    local result=0
    docker tag "$1" "$2"
    docker push --quiet "$2" || result=$?
    docker image rm "$2" >/dev/null
    ((result == 0)) || die "cannot push $2"
}

push() {
    local image config
    need_commands docker
    for image in alpine:latest alpine:3.18 redis:3.0.6 redis:3.0.7 redis:bad web:1 web:2; do
        put "$image" "$open/library/$image"
    done
    # A configuration of our own: the login must not be written to the caller's.
    config=$(mktemp --directory)
    # shellcheck disable=SC2064 # the name as it is now
    trap "rm -rf '$config'" EXIT
    DOCKER_CONFIG=$config docker login --username "$user" --password-stdin "$closed" <<<"$password" >/dev/null 2>&1 ||
        die "cannot log in to $closed"
    DOCKER_CONFIG=$config put web:1 "$closed/private/web:1"
}

stop() {
    local name
    for name in open closed; do
        end_recorded "$state/$name.pid" TERM 10
    done
    rm -rf "$state"
    rmdir "$LAB" 2>/dev/null || true # kept when other scripts have something there
    say "the registries are stopped and their images gone"
}

status() {
    local name result=0
    for name in open closed; do
        if recorded_pid "$state/$name.pid" >/dev/null; then
            say "$name registry: docker-registry $(recorded_pid "$state/$name.pid")"
        else
            say "$name registry: not running"
            result=1
        fi
    done
    return "$result"
}

case ${1:-} in
    start | push | stop | status) "$1" ;;
    *) die "usage: registry.sh start|push|stop|status" ;;
esac
