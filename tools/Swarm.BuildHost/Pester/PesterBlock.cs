using System.Management.Automation;
using Swarm.BuildHost.Hosting;

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

    public string Detail { get; private set; } = "";

    public override bool IsTest => false;

    /// <summary>A block whose tests are all skipped runs none of its set-up, as in Pester.</summary>
    public bool HasTestsToRun => Tests.Any(t => !t.Skip);

    /// <summary>Itself and every block below.</summary>
    public IEnumerable<PesterBlock> AllBlocks => Items.OfType<PesterBlock>().SelectMany(b => b.AllBlocks).Prepend(this);

    public IEnumerable<PesterTest> Tests => Items.SelectMany(i => i is PesterTest t ? [t] : ((PesterBlock)i).Tests);

    public void SkipAll()
    {
        foreach (var test in Tests)
        {
            test.SetSkipped("");
        }
    }

    /// <summary>Every test in it fails, those with -Skip too, as in Pester; and the block itself counts as one more failure.</summary>
    public void FailAll(ErrorRecord error)
    {
        FailSelf(error);
        foreach (var test in Tests)
        {
            test.SetFailed(error);
        }
    }

    /// <summary>A failing AfterAll leaves the tests what they are; the block counts as a failure.</summary>
    public void FailTeardown(ErrorRecord error) => FailSelf(error);

    private void FailSelf(ErrorRecord error)
    {
        Failed = true;
        Detail = Detail.Length == 0 ? ErrorText.WithTrace(error) : Detail + Environment.NewLine + ErrorText.WithTrace(error);
    }
}
