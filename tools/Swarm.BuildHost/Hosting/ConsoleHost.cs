using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace Swarm.BuildHost.Hosting;

/// <summary>The smallest host that PowerShell scripts are at home in: text on the console, prompts, exit codes.</summary>
internal sealed class ConsoleHost(TextWriter output, TextWriter errors) : PSHost
{
    private readonly ConsoleUserInterface _ui = new(output, errors);

    /// <summary>Set by <c>exit N</c>.</summary>
    public int? ExitCode { get; private set; }

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "SwarmHost";

    public override Version Version { get; } = new(1, 0);

    public override PSHostUserInterface UI => _ui;

    /// <summary>The host itself, for the cmdlets that belong to it.</summary>
    public override PSObject PrivateData => PSObject.AsPSObject(this);

    /// <summary>Until it is disposed of, what would be shown is written there, as wide as said.</summary>
    public IDisposable Capture(TextWriter output, int? width) => _ui.Capture(output, width);

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture { get; } = new("en-US");

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new PSNotImplementedPromptException();

    public override void ExitNestedPrompt() => throw new PSNotImplementedPromptException();

    public override void NotifyBeginApplication() { }

    public override void NotifyEndApplication() { }

    /// <summary>Nested prompts belong to debuggers, which this host is not for.</summary>
    private sealed class PSNotImplementedPromptException() : InvalidOperationException("This host has no nested prompts; use pwsh.");
}
