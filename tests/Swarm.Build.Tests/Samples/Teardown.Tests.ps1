# 4 passed, 10 failed (6 tests, 4 blocks), 1 skipped.
Describe 'Broken teardown' {
    AfterAll { throw 'after all' }
    It 'one' { 1 | Should -Be 1 }
    It 'two' { @() | Should -Be @() }
}
Describe 'Broken each' {
    AfterEach { throw 'after each' }
    It 'three' { 1 | Should -Be 1 }
}
Describe 'Broken set-up fails what would be skipped, too' {
    BeforeAll { throw 'before all' }
    It 'x' { 1 | Should -Be 1 }
    It 'y' -Skip { }
    Context 'inner' { It 'z' { } }
}
Describe 'A set-up does not skip' {
    BeforeAll { Set-ItResult -Skipped -Because 'no engine' }
    It 'four' { 1 | Should -Be 1 }
}
Describe 'But a set-up of each does' {
    BeforeEach { Set-ItResult -Skipped -Because 'no engine' }
    It 'five' { 1 | Should -Be 1 }
}
Describe 'Nested' {
    Context 'c' { AfterAll { throw 'inner' }; It 'six' { $null | Should -Be @() } }
    It 'seven' { 1 | Should -Be 1 }
}
Describe 'Several values' { It 'are not matched' { 1, 2 | Should -Match '1' } }
