# shellcheck shell=bash
# The shared functions of the lab scripts. They source this file; it is never run by itself.

# A root shell without a login may lack the system folders, where dockerd, ip and iptables are.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LAB=${LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/swarm-lab}
[[ $LAB == /* ]] || LAB=$PWD/$LAB
export LAB PATH

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { warn "$*"; exit 1; }

need_root() { [[ $EUID == 0 ]] || die "needs root"; }

need_commands() {
    local command missing=()
    for command; do
        type -P "$command" >/dev/null || missing+=("$command")
    done
    ((${#missing[@]} == 0)) || die "not found: ${missing[*]} (provision.sh installs what the lab needs)"
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails when the time is over.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

# --- Processes we started -------------------------------------------------------------------------------------------
# A record is "PID STARTTIME". The start time makes it safe to end a process by an old record. The kernel reuses
# pids, but the next process with that pid has started later.

# start_time PID: in clock ticks since boot; fails for a process that is gone or a zombie.
start_time() {
    local line field
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The second field is the command's name in parentheses and may hold anything; the rest starts with the state.
    read -r -a field <<<"${line##*) }"
    [[ ${field[0]} != [ZX] ]] || return 1
    printf '%s\n' "${field[19]}"
}

# recorded_pid FILE: prints the pid if that very process still runs.
recorded_pid() {
    local pid started
    [[ -s $1 ]] && read -r pid started <"$1" && [[ -n $started && $(start_time "$pid") == "$started" ]] && printf '%s\n' "$pid"
}

not_running() { ! recorded_pid "$1" >/dev/null; }

# spawn RECORD LOG COMMAND...: in the background, out of reach of this terminal. A caller that waits for the end of
# our output does not wait for it. (A pipe stays open as long as any process has it.) Descriptor 9 is the lock, see lab_lock.
spawn() {
    local record=$1 log=$2
    shift 2
    setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
    printf '%s %s\n' "$!" "$(start_time "$!")" >"$record"
}

# end_recorded RECORD SIGNAL SECONDS: sends the signal, then SIGKILL when the time is over. Nothing to do is success.
end_recorded() {
    local record=$1 signal=$2 seconds=$3 pid
    if pid=$(recorded_pid "$record"); then
        kill -s "$signal" "$pid" 2>/dev/null || true # it may have ended by itself in this moment
        if ! wait_for "$seconds" not_running "$record"; then
            warn "process $pid still runs $seconds s after SIG$signal: SIGKILL"
            kill -s KILL "$pid" 2>/dev/null || true
            wait_for 10 not_running "$record" || die "process $pid does not end"
        fi
    fi
    rm -f "$record"
}

# --- Engines --------------------------------------------------------------------------------------------------------

# engine_answers SOCKET
engine_answers() { curl --silent --max-time 2 --output /dev/null --unix-socket "$1" http://engine/_ping 2>/dev/null; }

# await_engine SOCKET RECORD LOG: until a dockerd that was just started answers. Fails at once when it has ended, else
# after a minute, and shows the end of its log.
await_engine() {
    wait_for 60 answers_or_ended "$1" "$2" && engine_answers "$1" && return
    tail -n 5 "$3" >&2
    return 1
}
answers_or_ended() { engine_answers "$1" || not_running "$2"; }

# --- The lab --------------------------------------------------------------------------------------------------------

# Allows a single up.sh or down.sh at a time: bridges, addresses and rules belong to the whole machine. Held until the script ends.
lab_lock() {
    local file=/run/lock/swarm-lab
    mkdir -p "${file%/*}"
    exec 9>"$file"
    flock --wait 300 9 || die "another script has been holding $file for 5 minutes"
}

# Sets LAB_NAME and LAB_NET. The running lab's own settings win over the environment, so that a second up.sh, down.sh
# and bin/node agree with the first.
lab_settings() {
    LAB_NAME=${LAB_NAME:-lab} LAB_NET=${LAB_NET:-10.99.0}
    if [[ -s $LAB/settings ]]; then
        read -r LAB_NAME LAB_NET <"$LAB/settings"
    fi
    [[ $LAB_NAME =~ ^[a-z][a-z0-9]{0,4}$ ]] || die "LAB_NAME must be 1 to 5 of a-z, 0-9 (it starts the names of interfaces)"
    [[ $LAB_NET =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "LAB_NET must be the first three numbers of an IPv4 network"
    # The nodes hide /run of the machine behind their own.
    case $LAB/ in /run/* | /var/run/*) die "LAB must not be below /run" ;; esac
    # A Unix socket's path may have 107 bytes; ours ends in /nodes/worker100/docker.sock.
    ((${#LAB} <= 75)) || die "the path LAB is too long for sockets in it: $LAB"
    export LAB_NAME LAB_NET
}

bridge() { printf '%s-br\n' "$LAB_NAME"; }
cgroup() { printf 'swarm-lab-%s\n' "$LAB_NAME"; }
veth() { printf '%s-%s\n' "$LAB_NAME" "$1"; }

# node_address NAME: managerK has .10+K, workerK .20+K, so that an address follows from the name alone.
node_address() {
    [[ $1 =~ ^(manager([1-9])|worker([1-9][0-9]{0,2}))$ ]] || die "not a node's name: $1 (manager1..9, worker1..)"
    if [[ -n ${BASH_REMATCH[2]} ]]; then
        printf '%s.%s\n' "$LAB_NET" $((10 + BASH_REMATCH[2]))
    else
        ((BASH_REMATCH[3] <= 230)) || die "$1: the lab's network has room for 230 workers"
        printf '%s.%s\n' "$LAB_NET" $((20 + BASH_REMATCH[3]))
    fi
}

# The bridge filter of the kernel sends bridged packets through FORWARD, where an engine on the machine itself has set
# the policy DROP. Without this rule the nodes would not reach each other.
forward_rule() {
    local action=$1 name
    name=$(bridge)
    iptables --wait "$action" FORWARD -i "$name" -o "$name" -m comment --comment "swarm lab $LAB_NAME" -j ACCEPT
}
