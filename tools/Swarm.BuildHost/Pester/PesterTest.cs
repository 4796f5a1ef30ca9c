using System.Diagnostics;
using System.Management.Automation;
using Swarm.BuildHost.Hosting;

namespace Swarm.BuildHost.Pester;

/// <summary>How a test ended.</summary>
public enum TestOutcome
{
    NotRun,
    Passed,
    Failed,
    Skipped,
}

/// <summary>An It.</summary>
public sealed class PesterTest(string name, PesterBlock parent, ScriptBlock body, object? data, bool hasData, bool skip)
    : PesterItem(name, parent, data, hasData)
{
    private long _startedAt;

    public ScriptBlock Body { get; } = body;

    public bool Skip { get; } = skip || parent.Skip;

    public TestOutcome Outcome { get; private set; }

    public string Detail { get; private set; } = "";

    public TimeSpan Duration { get; private set; }

    public override bool IsTest => true;

    /// <summary>BeforeEach of the outermost block first.</summary>
    public IEnumerable<ScriptBlock> SetupBlocks => Blocks.Reverse().SelectMany(b => b.BeforeEach);

    /// <summary>AfterEach of the innermost block first.</summary>
    public IEnumerable<ScriptBlock> TeardownBlocks => Blocks.SelectMany(b => b.AfterEach);

    private IEnumerable<PesterBlock> Blocks
    {
        get
        {
            for (var block = Parent; block is not null; block = block.Parent)
            {
                yield return block;
            }
        }
    }

    public void Start() => _startedAt = Stopwatch.GetTimestamp();

    public void SetPassed()
    {
        Outcome = TestOutcome.Passed;
        Duration = Stopwatch.GetElapsedTime(_startedAt);
    }

    public void SetSkipped(string because)
    {
        Outcome = TestOutcome.Skipped;
        Detail = because;
    }

    public void SetError(ErrorRecord error)
    {
        if (error.Exception is SkippedException or { InnerException: SkippedException })
        {
            SetSkipped((error.Exception as SkippedException ?? error.Exception.InnerException!).Message);
            return;
        }
        SetFailed(error);
    }

    public void SetFailed(ErrorRecord error)
    {
        Outcome = TestOutcome.Failed;
        if (_startedAt != 0)
        {
            Duration = Stopwatch.GetElapsedTime(_startedAt);
        }
        var text = ErrorText.WithTrace(error);
        Detail = Detail.Length == 0 ? text : Detail + Environment.NewLine + text;
    }
}
