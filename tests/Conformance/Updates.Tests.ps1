# Updates that roll back or go on by themselves, their orders, going back to any revision, and history.
# The same on every control plane but for what differences.json lists.
BeforeAll {
    . ([IO.Path]::Combine($PSScriptRoot, 'Common.ps1'))
    Start-ConformanceSwarm conformance
}
AfterAll { Stop-ConformanceSwarm conformance }

Describe 'Updates' {
    BeforeAll {
        $null = New-SwarmService -Name redis -Image redis:3.0.6 -Replicas 3 -UpdateMonitor 1s -RollbackMonitor 1s -WarningAction SilentlyContinue -Wait
        Set-SwarmService redis -Image redis:3.0.7 -WarningAction SilentlyContinue -Wait
    }
    AfterAll { Remove-SwarmService redis -Force -Wait }
    It 'roll back by themselves when told so' {
        Set-SwarmService redis -Image redis:bad -UpdateFailureAction Rollback -WarningAction SilentlyContinue
        Wait-Until { "$((Get-SwarmService redis).UpdateStatus.State)" -eq 'RollbackCompleted' } 'a completed rollback'
        Wait-SwarmService redis
        @(Get-RunningTask redis | Where-Object Image -Like 'redis:3.0.7*').Count | Should -Be 3
    }
    It 'go on when told to continue' {
        Set-SwarmService redis -Image redis:bad -UpdateFailureAction Continue -UpdateParallelism 0 -RestartCondition None -WarningAction SilentlyContinue
        Wait-Until { "$((Get-SwarmService redis).UpdateStatus.State)" -eq 'Completed' } 'an update that ends'
        @(Get-RunningTask redis).Count | Should -Be 0
        Set-SwarmService redis -Image redis:3.0.6 -RestartCondition Any -WarningAction SilentlyContinue -Wait
        @(Get-RunningTask redis).Count | Should -Be 3
    }
    It 'start the new task first when told so' {
        Set-SwarmService redis -Image redis:3.0.7 -UpdateOrder StartFirst -UpdateParallelism 1 -WarningAction SilentlyContinue
        # Whoever looks at any moment of it finds as many running as before; stop-first shows one less for as long as a task takes to start.
        $seen = [Collections.Generic.HashSet[int]]::new()
        Wait-Until {
            $null = $seen.Add(@(Get-RunningTask redis).Count)
            "$((Get-SwarmService redis).UpdateStatus.State)" -eq 'Completed'
        } 'an update that ends'
        @($seen | Where-Object { $_ -lt 3 }).Count | Should -Be 0
        Wait-SwarmService redis
        @(Get-RunningTask redis | Where-Object Image -Like 'redis:3.0.7*').Count | Should -Be 3
    }
    It 'go back to any revision' {
        $first = @(Get-SwarmServiceRevision redis)[0]
        Undo-SwarmService redis -ToRevision $first.Number -Wait
        (Get-SwarmService redis).Revision | Should -Be $first.Number
        @(Get-RunningTask redis | Where-Object Image -Like 'redis:3.0.6*').Count | Should -Be 3
    }
    It 'leave the scale alone when undone' {
        Set-SwarmService redis -Image redis:3.0.7 -WarningAction SilentlyContinue -Wait
        Invoke-SwarmScale redis 4 -Wait
        Undo-SwarmService redis -Wait
        (Get-SwarmService redis).Replicas | Should -Be 4
        (Get-SwarmService redis).Image | Should -BeLike 'redis:3.0.6*'
        $expected = if (Test-Difference 'undo-after-scale') { 'Completed' } else { 'RollbackCompleted' }
        "$((Get-SwarmService redis).UpdateStatus.State)" | Should -Be $expected
    }
}

Describe 'History' {
    It 'of a slot is kept up to the limit' {
        Set-Swarm -TaskHistoryLimit 2
        $null = New-SwarmService -Name slots -Image redis:3.0.6 -UpdateMonitor 100ms -WarningAction SilentlyContinue -Wait
        foreach ($i in 1..4) { Restart-SwarmService slots -Wait }
        Wait-Until { @(Get-SwarmTask -Service slots).Count -le 3 } 'a history that is cut'
        @(Get-SwarmTask -Service slots | Where-Object { "$($_.State)" -eq 'Running' }).Count | Should -Be 1
        Remove-SwarmService slots -Force -Wait
        Set-Swarm -TaskHistoryLimit 5
        (Get-Swarm).TaskHistoryLimit | Should -Be 5
    }
}
