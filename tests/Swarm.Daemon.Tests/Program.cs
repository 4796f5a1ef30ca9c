using Swarm.Daemon.Tests.Consensus;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Swarm.Daemon.Tests;

/// <summary>Runs the tests, as xunit's own entry point does, unless a crash test started it as its victim.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (await ChildProcess.RunIfChildAsync())
        {
            return 0;
        }
        return args.Contains("--server") || args.Contains("--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
