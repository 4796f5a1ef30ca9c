# Run with -Executor Docker -Plane docker, and SWARM_ACCEPTANCE_LAB set before.
Describe 'A run' {
    It 'has the variables of its kind, and no other' {
        $env:SWARM_ACCEPTANCE_EXECUTOR | Should -Be 'Docker'
        $env:SWARM_ACCEPTANCE_PLANE | Should -Be 'docker'
        Test-Path env:SWARM_ACCEPTANCE_LAB | Should -BeFalse
    }
}
