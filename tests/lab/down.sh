#!/usr/bin/env bash
# down.sh: ends the lab that up.sh made in $LAB and removes all of it: nodes with their engines' data, bridge, firewall
# rule, cgroups. Idempotent. The engine of engine.sh and the registries of registry.sh stay.
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

need_root
lab_lock
if [[ ! -s $LAB/settings ]]; then
    # Without settings, the names of its interfaces would be a guess, and they might be another lab's.
    say "no lab in $LAB"
    exit 0
fi
lab_settings

for dir in "$LAB"/nodes/*/; do
    [[ -d $dir ]] || continue
    end_recorded "${dir}init.pid" KILL 10
done

# After process 1 has ended, the kernel removes a node in its own time; a remaining mount makes rm fail.
remove_nodes() { rm -rf --one-file-system "$LAB/nodes" 2>/dev/null; }
wait_for 20 remove_nodes || die "cannot remove $LAB/nodes"

for link in /sys/class/net/"$LAB_NAME"-{manager,worker}*; do
    link=${link##*/}
    # The link went with its other end, unless the kernel has not got there yet.
    ip link delete "$link" 2>/dev/null || true
done
ip link delete "$(bridge)" 2>/dev/null || true
while forward_rule --delete 2>/dev/null; do :; done

# cgroup v1 has a folder for each controller, v2 has a single one.
remove_cgroups() {
    local folder left=0 name
    name=$(cgroup)
    for folder in "/sys/fs/cgroup/$name" /sys/fs/cgroup/*/"$name"; do
        [[ -d $folder ]] || continue
        find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || left=1
    done
    ((left == 0))
}
wait_for 10 remove_cgroups || warn "some cgroups named $(cgroup) are still in use"

rm -rf "$LAB/images" "$LAB/settings"
rmdir "$LAB" 2>/dev/null || true # kept when other scripts have something there
say "the lab is down"
