namespace Swarm.Control.Planes;

/// <summary>The version of this program.</summary>
public static class SwarmdVersion
{
    /// <summary>major.minor.patch</summary>
    public static string Text { get; } = typeof(SwarmdVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
