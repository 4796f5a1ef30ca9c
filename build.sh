#!/usr/bin/env bash
# Bootstrap only: runs build.ps1 in pwsh where there is one, else in a small host of ours on the PowerShell engine's package.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

if command -v pwsh >/dev/null 2>&1 && [ "${SWARM_BUILD_HOST:-}" != own ]; then
    exec pwsh -NoProfile -NonInteractive -File "$root/build.ps1" "$@"
fi
command -v dotnet >/dev/null 2>&1 || {
    echo 'The .NET 10 SDK is needed: https://dotnet.microsoft.com/download' >&2
    exit 1
}
host=$root/out/host
dotnet build "$root/tools/Swarm.BuildHost/Swarm.BuildHost.csproj" -c Release -o "$host" -v quiet --nologo ||
    { echo 'The build host does not build; see above.' >&2; exit 1; }
# Shell keeps a prompt open; everything else ends with its task.
mode=-File
for word in "$@"; do [ "${word,,}" = shell ] && mode=-Interactive; done
exec dotnet "$host/swarm-host.dll" "$mode" "$root/build.ps1" "$@"
