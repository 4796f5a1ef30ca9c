using System.Management.Automation;

namespace Swarm.BuildHost.Pester;

/// <summary>A Describe or Context, or the file itself.</summary>
public sealed class PesterBlock(string name, PesterBlock? parent, object? data, bool hasData, bool skip)
    : PesterItem(name, parent, data, hasData)
{
    public List<PesterItem> Items { get; } = [];

    public List<ScriptBlock> BeforeAll { get; } = [];

    public List<ScriptBlock> AfterAll { get; } = [];

    public List<ScriptBlock> BeforeEach { get; } = [];

    public List<ScriptBlock> AfterEach { get; } = [];

    public bool Skip { get; } = skip || parent?.Skip == true;

    public bool Failed { get; private set; }

    public override bool IsTest => false;

    /// <summary>A block whose tests are all skipped runs none of its set-up, as in Pester.</summary>
    public bool HasTestsToRun => Tests.Any(t => !t.Skip);

    public IEnumerable<PesterTest> Tests => Items.SelectMany(i => i is PesterTest t ? [t] : ((PesterBlock)i).Tests);

    public void SkipAll()
    {
        foreach (var test in Tests)
        {
            test.SetSkipped("");
        }
    }

    public void FailAll(ErrorRecord error)
    {
        Failed = true;
        foreach (var test in Tests)
        {
            if (test.Skip)
            {
                test.SetSkipped("");
            }
            else
            {
                test.SetError(error);
            }
        }
    }

    /// <summary>Pester counts a failing AfterAll as the failure of its block's last test.</summary>
    public void FailTeardown(ErrorRecord error) => Tests.LastOrDefault()?.SetError(error);
}
