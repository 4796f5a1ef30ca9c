#!/usr/bin/env bash
# images.sh: makes the test images on the engine that DOCKER_HOST names (the default one without it).
#
# Fast when they are there already. They are stand-ins made of busybox and carry a label that says so. An image with one
# of these names and without that label is a real one. It is only replaced with LAB_REPLACE_IMAGES=1.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
source "$here/lib.sh"

names=(alpine:latest alpine:3.18 redis:3.0.6 redis:3.0.7 redis:bad web:1 web:2)
label=swarm.lab.images
inputs=("$here/src/labtool.c" "$here/src/make_images.py")

need_commands docker busybox sha256sum
busybox=$(type -P busybox)

# Other inputs give another revision, and by its label an engine tells whether it has this one.
revision=$(sha256sum "$busybox" "${inputs[@]}" | cut -d ' ' -f 1 | sha256sum | cut -c 1-12)
archive=$LAB/images/$revision.tar

build() {
    local work
    need_commands python3 musl-gcc
    mkdir -p "$LAB/images"
    # Made in a folder of its own and moved into place. Two runs at once do not disturb each other, and a failed one leaves nothing.
    work=$(mktemp --directory "$LAB/images/work.XXXXXX")
    # shellcheck disable=SC2064 # the name as it is now
    trap "rm -rf '$work'" EXIT
    musl-gcc -static -Os -s -Wall -Wextra -o "$work/labtool" "$here/src/labtool.c"
    # A dynamically linked busybox would start in no container.
    if ldd "$busybox" >/dev/null 2>&1; then
        die "$busybox is not linked statically; the lab needs busybox-static"
    fi
    python3 "$here/src/make_images.py" "$work/images.tar" "$busybox" "$work/labtool" "$revision"
    mv "$work/images.tar" "$archive"
}

# The images of the engine: with our label, with the label of an older revision (to be made again), or missing.
present=0 foreign=()
for name in "${names[@]}"; do
    if found=$(docker image inspect --format "{{index .Config.Labels \"$label\"}}|" "$name" 2>/dev/null); then
        case $found in
            "$revision|") present=$((present + 1)) ;;
            "|" | "<no value>|") foreign+=("$name") ;;
        esac
    fi
done

if ((present == ${#names[@]})); then
    say "the ${#names[@]} test images are there (revision $revision)"
    exit 0
fi
if ((${#foreign[@]} > 0)) && [[ ${LAB_REPLACE_IMAGES:-0} != 1 ]]; then
    die "this engine has other images named ${foreign[*]}; LAB_REPLACE_IMAGES=1 replaces them"
fi

if [[ ! -s $archive ]]; then
    build # not behind ||, where a failing command in it would not end the script
fi
docker load --quiet --input "$archive" >/dev/null
say "made ${names[*]} (revision $revision)"
