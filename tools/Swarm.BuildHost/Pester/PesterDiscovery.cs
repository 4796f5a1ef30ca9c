using System.Management.Automation;

namespace Swarm.BuildHost.Pester;

/// <summary>Collects the blocks of one file. <c>$__pester</c> in Runner.ps1.</summary>
public sealed class PesterDiscovery(string file)
{
    public PesterBlock Root { get; } = new(file, null, null, false, false);

    public PesterBlock Current { get; private set; } = null!;

    public void Begin() => Current = Root;

    public PesterBlock EnterBlock(string name, object? data, bool hasData, bool skip)
    {
        var block = new PesterBlock(name, Current, data, hasData, skip);
        Current.Items.Add(block);
        return Current = block;
    }

    public void LeaveBlock() => Current = Current.Parent!;

    public void AddTest(string name, ScriptBlock body, object? data, bool hasData, bool skip) =>
        Current.Items.Add(new PesterTest(name, Current, body, data, hasData, skip));
}
