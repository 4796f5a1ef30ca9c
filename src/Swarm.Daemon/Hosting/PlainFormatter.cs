using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Swarm.Daemon.Hosting;

/// <summary>Writes each record of the log as one line of plain characters. Texts of nodes and engines reach the log: none of them commands
/// the terminal that shows it. None adds a line that looks like swarmd's own.</summary>
internal sealed class PlainFormatter(ConsoleFormatter inner) : ConsoleFormatter(inner.Name)
{
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        using var written = new StringWriter();
        inner.Write(logEntry, scopeProvider, written);
        var record = written.ToString().TrimEnd('\r', '\n');
        if (record.Length > 0)
        {
            textWriter.Write(VisibleText.Of(record));
            textWriter.Write(Environment.NewLine);
        }
    }
}
