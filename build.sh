#!/usr/bin/env bash
# Bootstrap only: runs build.ps1 in an installed pwsh of 7.6 or later, else in the one that tools/pwsh makes of PowerShell's package.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
# PowerShell colours a file or a pipe as well.
[ -t 1 ] || export NO_COLOR=1

# Shell keeps a prompt open; everything else ends with its task.
mode=-NonInteractive
for word in "$@"; do [ "${word,,}" != shell ] || mode=-NoExit; done
# -File takes the rest of the line: what is for pwsh itself comes before it.
build=(-NoProfile "$mode" -File "$root/build.ps1" "$@")

if [ "${SWARM_BUILD_PWSH:-}" != own ] && command -v pwsh >/dev/null 2>&1; then
    # "PowerShell 7.6.1"; a preview of 7.6 will do.
    version=$(pwsh -NoLogo -NoProfile -Version </dev/null 2>/dev/null | tr -d '\r' || true)
    if [[ $version =~ ([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] > 7 || (BASH_REMATCH[1] == 7 && BASH_REMATCH[2] >= 6))); then
        exec pwsh "${build[@]}"
    fi
    echo "The pwsh on the path (${version:-of unknown version}) is older than 7.6, which Swarm needs: the one of tools/pwsh is used instead." >&2
fi
dotnet=$(command -v dotnet) || {
    echo 'The .NET 10 SDK is needed: https://dotnet.microsoft.com/download' >&2
    exit 1
}
dotnet build "$root/tools/pwsh/pwsh.csproj" -c Release -o "$root/out/pwsh" -v quiet --nologo ||
    { echo 'tools/pwsh does not build; see above.' >&2; exit 1; }
# For out/pwsh/pwsh, which build.ps1 starts: it looks for the runtime in its usual places only, and dotnet may be elsewhere.
dotnet=$(readlink -f "$dotnet")
export DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$dotnet")}
exec dotnet "$root/out/pwsh/pwsh.dll" "${build[@]}"
