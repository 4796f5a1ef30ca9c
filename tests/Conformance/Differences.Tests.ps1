# The list of differences between control planes is complete, and has no superfluous entries.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, '..', 'Acceptance', 'Common.ps1'))
    $asked = foreach ($folder in 'Acceptance', 'Conformance') {
        foreach ($file in [IO.Directory]::GetFiles([IO.Path]::Combine($root, 'tests', $folder), '*.Tests.ps1')) {
            if ([IO.Path]::GetFileName($file) -eq 'Differences.Tests.ps1') { continue }
            foreach ($use in [regex]::Matches([IO.File]::ReadAllText($file), "Test-Difference '([^']+)'")) { $use.Groups[1].Value }
        }
    }
    $listed = @(foreach ($entry in $differences.EnumerateArray()) { $entry.GetProperty('id').GetString() })
}

Describe 'The list of differences' {
    It 'gives a reason for each, and names control planes that there are' {
        foreach ($entry in $differences.EnumerateArray()) {
            $names = @(foreach ($property in $entry.EnumerateObject()) { $property.Name })
            foreach ($name in $names) { $name | Should -BeIn 'id', 'reason', 'builtin-process', 'builtin-docker', 'docker-swarm' }
            $entry.GetProperty('reason').GetString().Length | Should -BeGreaterThan 20
            # A difference that holds everywhere would be none.
            @($names | Where-Object { $_ -in 'builtin-process', 'builtin-docker', 'docker-swarm' }).Count | Should -BeIn 1, 2
        }
    }
    It 'has each once' { [Collections.Generic.HashSet[string]]::new([string[]]$listed).Count | Should -Be $listed.Count }
    It 'has nothing that no test asks for' { foreach ($id in $listed) { $id | Should -BeIn $asked } }
    It 'has all that the tests ask for, and another one fails the test that asks' {
        foreach ($id in $asked) { $id | Should -BeIn $listed }
        { Test-Difference 'nosuch' } | Should -Throw -ExpectedMessage '*must be listed with its reason*'
    }
}
