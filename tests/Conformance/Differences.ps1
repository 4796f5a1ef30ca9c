# Dot-sourced by ../Acceptance/Common.ps1. What differs between control planes is in differences.json, one by one, each with its reason.
$plane = if ($dockerSwarm) { 'docker-swarm' } elseif ($executor -eq 'Docker') { 'builtin-docker' } else { 'builtin-process' }
$differences = [System.Text.Json.JsonDocument]::Parse([IO.File]::ReadAllText([IO.Path]::Combine($root, 'tests', 'Conformance', 'differences.json'))).RootElement

# True where a listed difference applies to this control plane. One that is not listed fails the test, and so does (Differences.Tests.ps1) one that no test asks for.
function Test-Difference {
    param([string] $Id)
    $property = [System.Text.Json.JsonElement]::new()
    foreach ($entry in $differences.EnumerateArray()) {
        if ($entry.GetProperty('id').GetString() -eq $Id) { return $entry.TryGetProperty($plane, [ref] $property) }
    }
    throw "'$Id' is not in differences.json: a difference between control planes must be listed with its reason."
}
