# Run by the benchmark 'import' in a process of its own: times Import-Module alone.
param([string] $Module)
$ErrorActionPreference = 'Stop'
$start = [Diagnostics.Stopwatch]::GetTimestamp()
Import-Module $Module
$elapsed = [Diagnostics.Stopwatch]::GetElapsedTime($start)
[Console]::Out.WriteLine('imported in ' + $elapsed.TotalMilliseconds.ToString([Globalization.CultureInfo]::InvariantCulture) + ' ms')
