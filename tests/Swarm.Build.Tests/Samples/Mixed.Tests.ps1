# 12 passed, 8 failed (7 tests, 1 block), 4 skipped.
BeforeDiscovery { $cases = @(@{ N = 1; Name = 'one' }, @{ N = 2; Name = 'two' }) }
BeforeAll { $top = 'top'; function Get-Answer { 42 } }
AfterAll { $null = $top }
Describe 'Scopes' {
    BeforeAll { $block = 'block'; $list = [System.Collections.Generic.List[string]]::new() }
    BeforeEach { $each = "$block+each"; $list.Add('e') }
    AfterEach { $list.Add('a') }
    It 'sees the file''s and the block''s set-up' {
        $top | Should -Be 'TOP'
        $block | Should -BeExactly 'block'
        $each | Should -Be 'block+each'
        Get-Answer | Should -Be 42
        $block = 'changed'
    }
    It 'is not touched by another test' { $block | Should -Be 'block' }
    Context 'inner' {
        BeforeEach { $list.Add('i') }
        It 'runs the outer BeforeEach first' { ($list -join '') | Should -Be 'eaeaei' }
    }
    It 'ran every AfterEach' { ($list -join '') | Should -Be 'eaeaeiae' }
}
Describe 'Data' {
    It 'case <N> is <Name>' -ForEach $cases { $N | Should -BeGreaterThan 0; $Name | Should -BeIn 'one', 'two' }
    It 'value <_>' -ForEach 3, 4 { $_ | Should -BeIn 3, 4 }
}
Describe 'Shoulds' {
    It 'compare' {
        1, 2 | Should -Be 1, 2
        @() | Should -BeNullOrEmpty
        'abc' | Should -Match '^A'
        'abc' | Should -BeLike 'a*' -Because 'it does'
        1, 2, 3 | Should -HaveCount 3
        1, 2, 3 | Should -Contain 2
        1, 2, 3 | Should -Not -Contain 9
        $true | Should -BeTrue
        0 | Should -BeFalse
        5 | Should -BeLessOrEqual 5
        'x' | Should -BeOfType [string]
        { throw 'oh no' } | Should -Throw '*no*'
        { throw 'oh no' } | Should -Throw -ExpectedMessage 'oh*'
        { 1 } | Should -Not -Throw
    }
    It 'take the error id' { { Get-Item -NoSuchParameter } | Should -Throw -ErrorId '*' }
    It 'fails on a difference' { 1 | Should -Be 2 }
    It 'fails on a throw' { throw 'boom' }
    It 'looks at the exception, the whole of it' {
        $record = [System.Management.Automation.ErrorRecord]::new([Exception]::new('it is so'), 'So', 'NotSpecified', $null)
        $record.ErrorDetails = [System.Management.Automation.ErrorDetails]::new('it is so. Do this.')
        $failure = { throw $record } | Should -Throw -ExpectedMessage 'it*so' -ErrorId 'So' -PassThru
        "$failure" | Should -Be 'it is so. Do this.'
    }
    It 'fails on the details of an error' {
        $record = [System.Management.Automation.ErrorRecord]::new([Exception]::new('it is so'), 'So', 'NotSpecified', $null)
        $record.ErrorDetails = [System.Management.Automation.ErrorDetails]::new('it is so. Do this.')
        { throw $record } | Should -Throw -ExpectedMessage '*Do this*'
    }
    It 'fails on a part of the message' { { throw 'oh no' } | Should -Throw -ExpectedMessage 'oh' }
    It 'fails when nothing throws' { { 1 } | Should -Throw }
    It 'is skipped' -Skip { throw 'never' }
    It 'skips itself' { Set-ItResult -Skipped -Because 'no engine' }
}
Describe 'Skipped whole' -Skip {
    BeforeAll { throw 'must not run' }
    It 'a' { 1 | Should -Be 2 }
    It 'b' { 1 | Should -Be 2 }
}
Describe 'Broken set-up' {
    BeforeAll { throw 'set-up' }
    It 'fails' { 1 | Should -Be 1 }
    It 'fails too' { 1 | Should -Be 1 }
}
Describe 'Last' { It 'runs on' { $top | Should -Not -BeNullOrEmpty } }
