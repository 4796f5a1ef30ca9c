using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Riok.Mapperly.Abstractions;
using Swarm.Core.Model;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Wire.Mapping;

/// <summary>Maps the spec of a service, both ways. The compiler makes the mapping. A property without a counterpart is an error. A property with
/// the name of its counterpart needs no line here.</summary>
/// <remarks>From the protocol: every message must be there (see <see cref="ProtocolMapping.FromWire(V1.ServiceSpec?)"/>).</remarks>
[Mapper(EnumMappingStrategy = EnumMappingStrategy.ByValueCheckDefined, RequiredEnumMappingStrategy = RequiredMappingStrategy.None)]
internal static partial class SpecMapper
{
    public static V1.ServiceSpec ToWire(ServiceSpec spec)
    {
        var wire = Map(spec);
        if (spec.Mode is ServiceMode.Replicated replicated)
        {
            wire.Replicated = new V1.ReplicatedMode { Replicas = replicated.Replicas };
        }
        else
        {
            wire.Global = new V1.GlobalMode();
        }
        return wire;
    }

    [MapProperty(nameof(V1.ServiceSpec.RestartPolicy), nameof(ServiceSpec.Restart))]
    [MapPropertyFromSource(nameof(ServiceSpec.Mode), Use = nameof(ModeOf))]
    [MapperIgnoreSource(nameof(V1.ServiceSpec.Replicated))]
    [MapperIgnoreSource(nameof(V1.ServiceSpec.Global))]
    [MapperIgnoreSource(nameof(V1.ServiceSpec.ModeCase))]
    public static partial ServiceSpec FromWire(V1.ServiceSpec spec);

    [MapProperty(nameof(PublishedPort.Target), nameof(V1.PublishedPort.TargetPort))]
    [MapProperty(nameof(PublishedPort.Published), nameof(V1.PublishedPort.PublishedPort_))]
    public static partial V1.PublishedPort Map(PublishedPort port);

    public static partial V1.ResourceRequirements Map(ResourceRequirements resources);

    public static partial V1.RestartPolicy Map(RestartPolicy policy);

    public static partial V1.Placement Map(Placement placement);

    public static partial V1.UpdateConfig Map(UpdateConfig config);

    [MapProperty(nameof(ServiceSpec.Restart), nameof(V1.ServiceSpec.RestartPolicy))]
    [MapperIgnoreSource(nameof(ServiceSpec.Mode))]
    [MapperIgnoreTarget(nameof(V1.ServiceSpec.Replicated))]
    [MapperIgnoreTarget(nameof(V1.ServiceSpec.Global))]
    private static partial V1.ServiceSpec Map(ServiceSpec spec);

    [MapProperty(nameof(V1.PublishedPort.TargetPort), nameof(PublishedPort.Target))]
    [MapProperty(nameof(V1.PublishedPort.PublishedPort_), nameof(PublishedPort.Published))]
    public static partial PublishedPort Map(V1.PublishedPort? port);

    private static partial Mount Map(V1.Mount? mount);

    private static ServiceMode ModeOf(V1.ServiceSpec spec) =>
        spec.ModeCase switch
        {
            V1.ServiceSpec.ModeOneofCase.Global => new ServiceMode.Global(),
            V1.ServiceSpec.ModeOneofCase.Replicated => new ServiceMode.Replicated(spec.Replicated.Replicas),
            // Docker's default: one replica.
            _ => new ServiceMode.Replicated(1),
        };

    private static ValueMap Map(MapField<string?, string?> map) => ValueMap.From(map!);

    private static void Map(ValueMap map, [MappingTarget] MapField<string?, string?> wire) => wire.Add(map.ToDictionary()!);

    private static ValueList<string> Map(RepeatedField<string?> list) => list.ToValueList()!;

    private static ValueList<Mount> Map(RepeatedField<V1.Mount?> list) => list.Select(Map).ToValueList();

    private static ValueList<PublishedPort> Map(RepeatedField<V1.PublishedPort?> list) => list.Select(Map).ToValueList();

    private static Duration Map(TimeSpan span) => ProtocolMapping.ToWire(span);

    private static TimeSpan Map(Duration? duration) => ProtocolMapping.FromWire(duration, TimeSpan.Zero, "A time of the spec");
}
