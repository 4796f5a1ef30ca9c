#!/usr/bin/env bash
# Installs from Debian's packages what the tests need and this machine lacks. Root only; does nothing where all is there.
set -euo pipefail

declare -A package_of=(
    [dockerd]=docker.io [docker-registry]=docker-registry [htpasswd]=apache2-utils [ip]=iproute2 [iptables]=iptables [nft]=nftables
    [busybox]=busybox-static [curl]=curl [ps]=procps [strace]=strace [gcc]=gcc [nsenter]=util-linux
)
missing=()
for tool in "${!package_of[@]}"; do
    command -v "$tool" >/dev/null 2>&1 || missing+=("${package_of[$tool]}")
done
# Not a tool on the PATH: the native build links against it.
[ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
if [ ${#missing[@]} = 0 ]; then
    echo 'All tools are there.'
    exit 0
fi
command -v apt-get >/dev/null 2>&1 || {
    echo "These packages are missing and there is no apt-get to install them: ${missing[*]}" >&2
    exit 1
}
echo "Installing: ${missing[*]}"
# A package's own service is not wanted: the tests start what they need, and end it by its process id.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
