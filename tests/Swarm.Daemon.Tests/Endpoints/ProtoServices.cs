using System.Reflection;
using Google.Protobuf.Reflection;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Endpoints;

/// <summary>The gRPC services of all .proto files: one that is added later is found, too.</summary>
internal static class ProtoServices
{
    public static IReadOnlyList<ServiceDescriptor> All { get; } =
    [
        .. typeof(V1.Node)
            .Assembly.GetTypes()
            .Select(static t => t.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static))
            // Messages have descriptors too, and may not be read before their file's.
            .Where(static p => p?.PropertyType == typeof(FileDescriptor))
            .SelectMany(static p => ((FileDescriptor)p!.GetValue(null)!).Services)
            .OrderBy(static s => s.Name, StringComparer.Ordinal),
    ];

    /// <summary>The calls of nodes to a manager.</summary>
    public static IReadOnlyList<ServiceDescriptor> OfNodes { get; } = [V1.CertificateAuthority.Descriptor, V1.Dispatcher.Descriptor];

    /// <summary>The areas of the control API.</summary>
    public static IReadOnlyList<ServiceDescriptor> Control { get; } = [.. All.Except(OfNodes)];

    /// <summary>As gRPC writes it: <c>/swarm.v1.Nodes/ListNodes</c>.</summary>
    public static string PathOf(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";
}
