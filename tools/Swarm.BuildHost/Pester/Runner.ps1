# The part of Pester 5 that the acceptance tests use, as functions of the test file's own session state. So `. $block` runs a test's blocks in
# the scopes that Pester gives them. Anything else of Pester's is not defined here, and a test that uses it fails by its name.
# Discovery runs the file and the bodies of Describe and Context; the run phase then runs the collected blocks.

function Add-PesterBlock {
    param([string] $Name, [scriptblock] $Body, [object[]] $ForEach, [bool] $HasData, [bool] $Skip, [string[]] $Tag)
    if (-not $Body) { throw "The block '$Name' has no body: an opening brace must follow on the same line." }
    # Assigned apart: the output of an if statement would unroll the one null, and no block would run.
    $__datas = @($null)
    if ($HasData) { $__datas = $ForEach }
    foreach ($__data in $__datas) {
        $__block = $__pester.EnterBlock($Name, $__data, $HasData, $Skip)
        try { New-PesterDiscoveryScope $Body $__data $HasData }
        finally { $__pester.LeaveBlock() }
    }
}

function New-PesterDiscoveryScope {
    param($__body, $__data, $__hasData)
    if ($__hasData) {
        $_ = $__data
        if ($__data -is [System.Collections.IDictionary]) { foreach ($__key in $__data.Keys) { $ExecutionContext.SessionState.PSVariable.Set($__key, $__data[$__key]) } }
    }
    . $__body
}

function Describe {
    param([Parameter(Mandatory, Position = 0)][string] $Name, [Parameter(Position = 1)][scriptblock] $Fixture, [string[]] $Tag, [switch] $Skip, [Alias('TestCases')][object[]] $ForEach)
    Add-PesterBlock $Name $Fixture $ForEach $PSBoundParameters.ContainsKey('ForEach') $Skip $Tag
}

function Context {
    param([Parameter(Mandatory, Position = 0)][string] $Name, [Parameter(Position = 1)][scriptblock] $Fixture, [string[]] $Tag, [switch] $Skip, [Alias('TestCases')][object[]] $ForEach)
    Add-PesterBlock $Name $Fixture $ForEach $PSBoundParameters.ContainsKey('ForEach') $Skip $Tag
}

function It {
    param([Parameter(Mandatory, Position = 0)][string] $Name, [Parameter(Position = 1)][scriptblock] $Test, [string[]] $Tag, [switch] $Skip, [Alias('TestCases')][object[]] $ForEach)
    if (-not $Test) { throw "The test '$Name' has no body: an opening brace must follow on the same line." }
    if ($PSBoundParameters.ContainsKey('ForEach')) { foreach ($__data in $ForEach) { $__pester.AddTest($Name, $Test, $__data, $true, $Skip) } }
    else { $__pester.AddTest($Name, $Test, $null, $false, $Skip) }
}

function BeforeAll { param([Parameter(Mandatory, Position = 0)][scriptblock] $Scriptblock) $__pester.Current.BeforeAll.Add($Scriptblock) }
function AfterAll { param([Parameter(Mandatory, Position = 0)][scriptblock] $Scriptblock) $__pester.Current.AfterAll.Add($Scriptblock) }
function BeforeEach { param([Parameter(Mandatory, Position = 0)][scriptblock] $Scriptblock) $__pester.Current.BeforeEach.Add($Scriptblock) }
function AfterEach { param([Parameter(Mandatory, Position = 0)][scriptblock] $Scriptblock) $__pester.Current.AfterEach.Add($Scriptblock) }

function Set-ItResult {
    param([switch] $Skipped, [switch] $Inconclusive, [string] $Because)
    if (-not $Skipped) { throw 'Set-ItResult: only -Skipped is implemented by this runner.' }
    throw [Swarm.BuildHost.Pester.SkippedException]::new($Because)
}

# A block's scope holds what its BeforeAll defines; the scopes of its tests and inner blocks are children of it.
function Invoke-PesterBlock {
    param($__block)
    if (-not $__block.HasTestsToRun) { $__block.SkipAll(); return }
    if ($__block.HasData) {
        $_ = $__block.Data
        if ($__block.Data -is [System.Collections.IDictionary]) { foreach ($__key in $__block.Data.Keys) { $ExecutionContext.SessionState.PSVariable.Set($__key, $__block.Data[$__key]) } }
    }
    $__block.ExpandName($ExecutionContext.InvokeCommand)
    try {
        foreach ($__setup in $__block.BeforeAll) { $null = . $__setup }
    }
    catch {
        $__block.FailAll($_)
    }
    if (-not $__block.Failed) {
        foreach ($__item in $__block.Items) {
            if ($__item.IsTest) { Invoke-PesterTest $__item } else { Invoke-PesterBlock $__item }
        }
    }
    try {
        foreach ($__teardown in $__block.AfterAll) { $null = . $__teardown }
    }
    catch {
        $__block.FailTeardown($_)
    }
}

function Invoke-PesterTest {
    param($__test)
    if ($__test.Skip) { $__test.SetSkipped(''); return }
    if ($__test.HasData) {
        $_ = $__test.Data
        if ($__test.Data -is [System.Collections.IDictionary]) { foreach ($__key in $__test.Data.Keys) { $ExecutionContext.SessionState.PSVariable.Set($__key, $__test.Data[$__key]) } }
    }
    $__test.ExpandName($ExecutionContext.InvokeCommand)
    $__test.Start()
    try {
        foreach ($__setup in $__test.SetupBlocks) { $null = . $__setup }
        $null = . $__test.Body
        $__test.SetPassed()
    }
    catch {
        $__test.SetError($_)
    }
    try {
        foreach ($__teardown in $__test.TeardownBlocks) { $null = . $__teardown }
    }
    catch {
        $__test.SetError($_)
    }
}
