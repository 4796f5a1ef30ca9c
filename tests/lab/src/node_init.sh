#!/usr/bin/env bash
# node_init.sh NAME FOLDER PRIVATE...: process 1 of a node. bin/node starts it in fresh namespaces.
#
# The node sees the machine's files, except for /run, /proc, /sys and the PRIVATE folders, which are its own.
set -euo pipefail
name=$1 dir=$2
shift 2

# /proc is still the machine's, so this is our pid as the machine sees it, with the start time of lib.sh's records.
read -r line </proc/self/stat
read -r -a field <<<"${line##*) }"
printf '%s %s\n' "${line%% *}" "${field[19]}" >"$dir/init.pid"

hostname "$name"
mount -t proc proc /proc

# A new sysfs shows this network namespace's interfaces; the machine's cgroup hierarchies are mounted in it again.
mkdir -p "$dir/cgroup"
mount --rbind /sys/fs/cgroup "$dir/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$dir/cgroup" /sys/fs/cgroup
umount --lazy "$dir/cgroup"

# In memory as on a real machine: sockets and pid files do not outlive a crash.
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/lock

# An engine's identity is a key in /etc/docker: nodes with the same key would take each other for the same node.
for folder; do
    mkdir -p "$folder" "$dir/private$folder"
    mount --bind "$dir/private$folder" "$folder"
done

: >"$dir/ready"

# bash adopts the orphans of the node while it waits.
trap 'exit 0' TERM
while true; do
    sleep 3600 &
    wait "$!" || true
done
