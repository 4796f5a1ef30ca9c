#!/usr/bin/env bash
# Makes the state directories of this folder with a native swarmd. Needs root, Linux, util-linux, iproute2, tar and the .NET SDK.
# Usage: make.sh FOLDER-OF-A-NATIVE-SWARMD [OUTPUT]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ "${1:-}" != --inside ]; then
    native=$(cd "$1" && pwd)
    output=$(mkdir -p "${2:-$here}" && cd "${2:-$here}" && pwd)
    [ -x "$native/swarmd" ] || { echo "There is no swarmd in '$native'." >&2; exit 1; }
    driver=$(mktemp -d)
    made=()
    trap 'rm -rf "$driver"; for d in "${made[@]}"; do rmdir "$d"; done' EXIT
    # The tree's own places, empty on this machine and filled in the namespace only.
    for place in /usr/lib/swarmd /var/lib/swarmd /run/swarmd; do
        [ -d "$place" ] || { mkdir -p "$place"; made+=("$place"); }
    done
    dotnet build "$here/Maker/Maker.csproj" -c Release -o "$driver" -v quiet --nologo
    # Names, pids, addresses and paths of this machine stay outside.
    unshare --mount --pid --fork --kill-child --mount-proc --net --uts --ipc \
        bash "${BASH_SOURCE[0]}" --inside "$native" "$driver" "$output"
    exit
fi

native=$2 driver=$3 output=$4
hostname host1
ip link set lo up
for place in /usr/lib/swarmd /var/lib/swarmd /run/swarmd; do mount -t tmpfs -o mode=0755 tmpfs "$place"; done
cp -r "$native/." /usr/lib/swarmd/
# Tasks are known by the boot that they were started in: one that no machine has.
echo 00000000-0000-4000-8000-000000000001 >/run/swarmd/boot_id
mount --bind /run/swarmd/boot_id /proc/sys/kernel/random/boot_id
dotnet "$driver/Maker.dll" "$output"
