using Microsoft.Extensions.Logging.Console;

namespace Swarm.Daemon.Hosting;

/// <summary>swarmd's log: structured, on standard error.</summary>
internal static class DaemonLogging
{
    public static ILoggerFactory Create(DaemonOptions options) =>
        LoggerFactory.Create(logging =>
        {
            logging.SetMinimumLevel(options.LogLevel);
            // What frameworks say of each request and connection belongs to nobody's log but a developer's.
            var frameworks = options.LogLevel <= LogLevel.Debug ? LogLevel.Information : LogLevel.Warning;
            var floor = options.LogLevel > frameworks ? options.LogLevel : frameworks;
            logging.AddFilter("Microsoft", floor);
            logging.AddFilter("Grpc", floor);
            logging.AddFilter("DotNext", floor);
            logging.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
            if (options.LogFormat == LogFormat.Json)
            {
                logging.AddJsonConsole(static json =>
                {
                    json.UseUtcTimestamp = true;
                    json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
                    json.IncludeScopes = false;
                });
            }
            else
            {
                logging.AddSimpleConsole(static text =>
                {
                    text.SingleLine = true;
                    text.UseUtcTimestamp = true;
                    text.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                    text.ColorBehavior = LoggerColorBehavior.Disabled;
                    text.IncludeScopes = false;
                });
            }
        });
}
