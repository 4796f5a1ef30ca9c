# Constructs that the runner does not implement: each must fail, none may pass unseen.
Describe 'Unknown' {
    It 'mock' { Mock Get-Item { 1 } }
    It 'operator' { 1 | Should -BeNothingKnown 1 }
    It 'module scope' { InModuleScope Swarm { 1 } }
    It 'inconclusive' { Set-ItResult -Inconclusive }
}
