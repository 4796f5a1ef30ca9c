using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace Swarm.BuildHost.Hosting;

/// <summary>Streams to the console, prompts from standard input. Progress is shown on a terminal only, on one line of standard error.</summary>
internal sealed class ConsoleUserInterface(TextWriter output, TextWriter errors) : PSHostUserInterface
{
    private readonly bool _terminal = !Console.IsErrorRedirected;
    private readonly ConsoleRawUserInterface _raw = new();
    private TextWriter? _captured;
    private bool _progressShown;

    private TextWriter Output => _captured ?? output;

    public override PSHostRawUserInterface RawUI => _raw;

    public override bool SupportsVirtualTerminal => !Console.IsOutputRedirected;

    public override void Write(string value)
    {
        ClearProgress();
        Output.Write(Plain(value));
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteLine(string value)
    {
        ClearProgress();
        Output.WriteLine(Plain(value));
    }

    public override void WriteErrorLine(string value)
    {
        ClearProgress();
        errors.WriteLine(value);
    }

    public override void WriteDebugLine(string message) => WriteLine("DEBUG: " + message);

    public override void WriteVerboseLine(string message) => WriteLine("VERBOSE: " + message);

    public override void WriteWarningLine(string message) => WriteLine("WARNING: " + message);

    public override void WriteInformation(InformationRecord record)
    {
        // Write-Host's text also comes through Write; other information is silent by default, as in pwsh.
    }

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        if (!_terminal)
        {
            return;
        }
        ClearProgress();
        if (record.RecordType != ProgressRecordType.Completed)
        {
            var percent = record.PercentComplete >= 0 ? $" {record.PercentComplete} %" : "";
            errors.Write($"\r{record.Activity}: {record.StatusDescription}{percent}");
            _progressShown = true;
        }
    }

    public override string ReadLine() => Console.In.ReadLine() ?? throw new EndOfStreamException("Standard input has ended.");

    public override SecureString ReadLineAsSecureString()
    {
        var secret = new SecureString();
        foreach (var c in ReadLine())
        {
            secret.AppendChar(c);
        }
        return secret;
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        var answers = new Dictionary<string, PSObject>();
        WriteLine(string.Join(Environment.NewLine, new[] { caption, message }.Where(s => !string.IsNullOrEmpty(s))));
        foreach (var field in descriptions)
        {
            Write(field.Name + ": ");
            answers[field.Name] = PSObject.AsPSObject(ReadLine());
        }
        return answers;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        WriteLine(caption);
        WriteLine(message);
        while (true)
        {
            var labels = choices
                .Select((c, i) => (Key: Key(c.Label), Text: c.Label.Replace("&", "", StringComparison.Ordinal), Index: i))
                .ToList();
            Write(string.Join("  ", labels.Select(l => $"[{l.Key}] {l.Text}")) + $" (default is \"{labels[defaultChoice].Key}\"): ");
            var answer = ReadLine().Trim();
            if (answer.Length == 0)
            {
                return defaultChoice;
            }
            foreach (var label in labels)
            {
                if (
                    answer.Equals(label.Key, StringComparison.OrdinalIgnoreCase)
                    || answer.Equals(label.Text, StringComparison.OrdinalIgnoreCase)
                )
                {
                    return label.Index;
                }
            }
        }
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        PromptForCredential(caption, message, userName, targetName, PSCredentialTypes.Default, PSCredentialUIOptions.Default);

    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options
    )
    {
        WriteLine(message);
        if (string.IsNullOrEmpty(userName))
        {
            Write("User: ");
            userName = ReadLine();
        }
        Write($"Password for user {userName}: ");
        return new PSCredential(userName, ReadLineAsSecureString());
    }

    internal IDisposable Capture(TextWriter other, int? width)
    {
        var before = (_captured, _raw.Width);
        (_captured, _raw.Width) = (other, width);
        return new Restore(() => (_captured, _raw.Width) = before);
    }

    // Colours belong to terminals.
    private string Plain(string text) => GetOutputString(text, SupportsVirtualTerminal && _captured is null);

    private static string Key(string label)
    {
        var at = label.IndexOf('&', StringComparison.Ordinal);
        return at >= 0 && at + 1 < label.Length ? label[at + 1].ToString().ToUpperInvariant() : label;
    }

    private void ClearProgress()
    {
        if (_progressShown)
        {
            _progressShown = false;
            errors.Write("\r\u001b[K");
        }
    }

    private sealed class Restore(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
