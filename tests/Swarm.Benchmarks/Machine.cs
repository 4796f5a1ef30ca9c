using System.Globalization;
using System.Runtime.InteropServices;

namespace Swarm.Benchmarks;

/// <summary>Describes the machine on which the figures were measured.</summary>
internal static class Machine
{
    public static string Describe()
    {
        var memory = (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30)).ToString("0.#", CultureInfo.InvariantCulture);
        return $"{Processor()}, {Environment.ProcessorCount} cores, {memory} GiB, {OperatingSystem()}, {RuntimeInformation.FrameworkDescription}";
    }

    private static string Processor()
    {
        const string CpuInfo = "/proc/cpuinfo";
        var model = File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return model?[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static string OperatingSystem()
    {
        const string Release = "/etc/os-release";
        const string Key = "PRETTY_NAME=";
        var pretty = File.Exists(Release) ? File.ReadLines(Release).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal)) : null;
        return pretty is null ? RuntimeInformation.OSDescription : pretty[Key.Length..].Trim('"');
    }
}
