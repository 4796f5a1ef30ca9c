#!/usr/bin/env bash
# provision.sh: installs the Debian packages that the lab needs and that are missing. Needs root and apt-get.
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

packages=(
    docker.io       # engine and command line; brings containerd, runc, iptables
    docker-registry # registry.sh
    podman          # the Docker executor's contract tests run on its socket too
    apache2-utils   # htpasswd, for the registry with basic authentication
    busybox-static  # the base of the test images
    gcc musl-tools  # musl-gcc: the images' own small program, linked statically
    libc6-dev zlib1g-dev # with gcc: links the native swarmd (build.ps1 Package)
    python3         # writes the image archive
    firewalld ufw dbus systemd # firewalls, and what starts them, run in namespaces by the tests of hosts
    curl iproute2 iptables nftables procps util-linux iputils-ping strace
)

type -P apt-get >/dev/null || die "no apt-get here; install what README.md lists with this system's own tool"

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) || state=
    [[ $state == installed ]] || missing+=("$package")
done

if ((${#missing[@]} == 0)); then
    say "all ${#packages[@]} packages are installed"
    exit 0
fi

need_root
export DEBIAN_FRONTEND=noninteractive
# A package of a firewall or an engine must not start it on this machine: the tests start their own, in namespaces.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
say "apt-get update"
apt-get --quiet=2 update
say "apt-get install ${missing[*]}"
apt-get --quiet=2 --yes --no-install-recommends install "${missing[@]}"
say "installed: ${missing[*]}"
