# 4 passed, 0 failed, 0 skipped: here and in Pester 5.9.
Describe 'Views' {
    It 'list' { ([Version]'1.2.3' | Format-List Major, Minor | Out-String).Trim() -split '\r?\n' | Should -Be 'Major : 1', 'Minor : 2' }
    It 'table' { ([Version]'1.2.3' | Format-Table Major, Minor | Out-String) | Should -Match 'Major +Minor\s+-+ +-+\s+1 +2' }
    It 'default' { ('a', 'b' | Out-String) | Should -Be ('a', 'b', '' -join [Environment]::NewLine) }
    It 'shows nothing of its own' { (Get-Command Get-Help | Format-List Name | Out-String).Trim() | Should -Be 'Name : Get-Help' }
}
