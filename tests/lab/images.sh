#!/usr/bin/env bash
# Makes the test images from busybox on the engine of DOCKER_HOST: alpine, redis:3.0.6, redis:3.0.7, redis:bad (exits 1). Nothing is pulled.
# Images that are there are kept.
set -euo pipefail

need() { ! docker image inspect "$1" >/dev/null 2>&1; }
need alpine:latest || need alpine:3.18 || need redis:3.0.6 || need redis:3.0.7 || need redis:bad || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/etc" "$work/root/tmp"
cp "$(command -v busybox)" "$work/root/bin/busybox"
while read -r applet; do
    [ "$applet" = busybox ] || ln -sf busybox "$work/root/bin/$applet"
done < <("$work/root/bin/busybox" --list)
echo 'root:x:0:0:root:/:/bin/sh' >"$work/root/etc/passwd"
# A redis that is real enough: it says its version, answers `redis-server --version`, and ends at SIGTERM.
cat >"$work/root/bin/redis-server" <<'REDIS'
#!/bin/sh
echo "redis-server $REDIS_VERSION"
[ "$1" = --version ] && exit 0
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
REDIS
chmod +x "$work/root/bin/redis-server"
tar -C "$work/root" -cf "$work/root.tar" .

import() { # NAME CHANGE...
    local name=$1 changes=()
    shift
    for change in 'ENV PATH=/bin' "$@"; do changes+=(--change "$change"); done
    docker import "${changes[@]}" "$work/root.tar" "$name" >/dev/null
    echo "made $name"
}
need alpine:latest && import alpine:latest 'CMD ["/bin/sh"]'
need alpine:3.18 && docker tag alpine:latest alpine:3.18
for version in 3.0.6 3.0.7; do
    need "redis:$version" && import "redis:$version" "ENV REDIS_VERSION=$version" 'CMD ["redis-server"]'
done
need redis:bad && import redis:bad 'CMD ["sh","-c","exit 1"]'
exit 0
