#!/usr/bin/env bash
# lab.sh up|down: three hosts with an engine each for the acceptance tests, and a registry that they reach. Needs root; see tests/lab/README.md.
#
#   SWARM_ACCEPTANCE_LAB=   its folder, for this script and then for ./build.sh Test (default: ~/.cache/swarm-acceptance)
set -euo pipefail
lab=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../lab
export LAB=${SWARM_ACCEPTANCE_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/swarm-acceptance}
export REGISTRY_ADDRESS=${LAB_NET:-10.99.0}.1

case ${1:-} in
    up)
        "$lab/up.sh" 3
        DOCKER_HOST=unix://$LAB/nodes/manager1/docker.sock "$lab/registry.sh" start
        ;;
    down)
        "$lab/registry.sh" stop
        "$lab/down.sh"
        ;;
    *)
        echo 'usage: lab.sh up|down' >&2
        exit 64
        ;;
esac
