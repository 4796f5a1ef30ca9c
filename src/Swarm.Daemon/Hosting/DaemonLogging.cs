using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Swarm.Daemon.Configuration;

namespace Swarm.Daemon.Hosting;

/// <summary>swarmd's log: structured, on standard error.</summary>
internal static class DaemonLogging
{
    /// <remarks>LoggerFactory.Create is not used: its options are open generic types, which cost the native swarmd a tenth of its
    /// start.</remarks>
    public static ILoggerFactory Create(DaemonOptions options)
    {
        var console = new ConsoleLoggerOptions
        {
            FormatterName = options.LogFormat == LogFormat.Json ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple,
            LogToStandardErrorThreshold = LogLevel.Trace,
        };
        var filter = new LoggerFilterOptions { MinLevel = options.LogLevel };
        // The frameworks' messages about each request and connection are only for developers.
        var frameworks = options.LogLevel <= LogLevel.Debug ? LogLevel.Information : LogLevel.Warning;
        var floor = options.LogLevel > frameworks ? options.LogLevel : frameworks;
        foreach (var category in (ReadOnlySpan<string>)["Microsoft", "DotNext"])
        {
            filter.Rules.Add(new LoggerFilterRule(null, category, floor, null));
        }
        // gRPC writes a stack trace for every message that a caller got wrong. Faults of ours are in StatusInterceptor's log, callers' in that of MalformedCalls.
        filter.Rules.Add(new LoggerFilterRule(null, "Grpc", options.LogLevel <= LogLevel.Debug ? floor : LogLevel.None, null));
        return new LoggerFactory([new ConsoleLoggerProvider(new Fixed<ConsoleLoggerOptions>(console), Formatters())], filter);
    }

    /// <summary>The formatters of Microsoft.Extensions.Logging.Console, which only its own registration can create.</summary>
    internal static IEnumerable<ConsoleFormatter> Formatters()
    {
        var services = new ServiceCollection();
        services.AddLogging(static logging => logging.AddConsole());
        services.AddSingleton<IOptionsMonitor<SimpleConsoleFormatterOptions>>(
            new Fixed<SimpleConsoleFormatterOptions>(
                new SimpleConsoleFormatterOptions
                {
                    SingleLine = true,
                    UseUtcTimestamp = true,
                    TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ",
                    ColorBehavior = LoggerColorBehavior.Disabled,
                }
            )
        );
        services.AddSingleton<IOptionsMonitor<JsonConsoleFormatterOptions>>(
            new Fixed<JsonConsoleFormatterOptions>(
                new JsonConsoleFormatterOptions { UseUtcTimestamp = true, TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ" }
            )
        );
        services.AddSingleton<IOptionsMonitor<ConsoleFormatterOptions>>(new Fixed<ConsoleFormatterOptions>(new ConsoleFormatterOptions()));
        return services.BuildServiceProvider().GetServices<ConsoleFormatter>().Select(static f => new PlainFormatter(f)).ToList();
    }

    /// <summary>Options that never change.</summary>
    private sealed class Fixed<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(T value)
        : IOptionsMonitor<T>
    {
        public T CurrentValue => value;

        public T Get(string? name) => value;

        public IDisposable? OnChange(Action<T, string?> listener) => null;
    }
}
