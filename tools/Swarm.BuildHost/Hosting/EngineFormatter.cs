using System.Reflection;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace Swarm.BuildHost.Hosting;

/// <summary>Gives a Format- cmdlet the engine's own implementation. It is internal to the engine, whose version is pinned with this host's.</summary>
internal static class EngineFormatter
{
    private static readonly Assembly s_engine = typeof(FrontEndCommandBase).Assembly;
    private static readonly Type s_shape = Find("FormatShape");

    private static readonly ConstructorInfo s_create = Find("InnerFormatShapeCommand")
        .GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [s_shape])!;

    private static readonly FieldInfo s_implementation = typeof(FrontEndCommandBase).GetField(
        "implementation",
        BindingFlags.Instance | BindingFlags.NonPublic
    )!;

    /// <param name="cmdlet">The cmdlet that gets it.</param>
    /// <param name="shape">Table or List.</param>
    public static void Attach(FrontEndCommandBase cmdlet, string shape) =>
        s_implementation.SetValue(cmdlet, s_create.Invoke([Enum.Parse(s_shape, shape)]));

    private static Type Find(string name) => s_engine.GetType($"{typeof(FrontEndCommandBase).Namespace}.{name}", throwOnError: true)!;
}
