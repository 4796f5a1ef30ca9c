#!/usr/bin/env bash
# Bootstrap only: runs build.ps1 in pwsh where there is one, else in a small host of ours on the PowerShell engine's package.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# Shell keeps a prompt open; everything else ends with its task.
shell=
for word in "$@"; do [ "${word,,}" = shell ] && shell=1; done

if command -v pwsh >/dev/null 2>&1 && [ "${SWARM_BUILD_HOST:-}" != own ]; then
    # "PowerShell 7.6.1"; a preview of 7.6 will do.
    version=$(pwsh -NoLogo -NoProfile -Version </dev/null 2>/dev/null | tr -d '\r' || true)
    if [[ $version =~ ([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] > 7 || (BASH_REMATCH[1] == 7 && BASH_REMATCH[2] >= 6))); then
        # -File takes the rest of the line: what is for pwsh itself comes before it.
        if [ -n "$shell" ]; then exec pwsh -NoProfile -NoExit -File "$root/build.ps1" "$@"; fi
        exec pwsh -NoProfile -NonInteractive -File "$root/build.ps1" "$@"
    fi
    echo "The pwsh on the path (${version:-of unknown version}) is older than 7.6, which Swarm needs: the build host of this repository is used instead." >&2
fi
command -v dotnet >/dev/null 2>&1 || {
    echo 'The .NET 10 SDK is needed: https://dotnet.microsoft.com/download' >&2
    exit 1
}
host=$root/out/host
dotnet build "$root/tools/Swarm.BuildHost/Swarm.BuildHost.csproj" -c Release -o "$host" -v quiet --nologo ||
    { echo 'The build host does not build; see above.' >&2; exit 1; }
if [ -n "$shell" ]; then mode=-Interactive; else mode=-File; fi
exec dotnet "$host/swarm-host.dll" "$mode" "$root/build.ps1" "$@"
