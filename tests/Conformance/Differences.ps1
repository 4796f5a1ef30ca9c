# Dot-sourced by ../Acceptance/Common.ps1. differences.json lists every difference between control planes with its reason.
$plane = if ($dockerSwarm) { 'docker-swarm' } elseif ($executor -eq 'Docker') { 'builtin-docker' } else { 'builtin-process' }
$differences = [System.Text.Json.JsonDocument]::Parse([IO.File]::ReadAllText([IO.Path]::Combine($root, 'tests', 'Conformance', 'differences.json'))).RootElement

# True where a listed difference applies to this control plane. An unlisted difference fails the test. Differences.Tests.ps1 fails for a
# listed one that no test uses.
function Test-Difference {
    param([string] $Id)
    $property = [System.Text.Json.JsonElement]::new()
    foreach ($entry in $differences.EnumerateArray()) {
        if ($entry.GetProperty('id').GetString() -eq $Id) { return $entry.TryGetProperty($plane, [ref] $property) }
    }
    throw "'$Id' is not in differences.json: a difference between control planes must be listed with its reason."
}
