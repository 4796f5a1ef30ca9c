using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Riok.Mapperly.Abstractions;

namespace Swarm.Cmdlets.Mapping;

/// <summary>Maps a service to the object that scripts get. The compiler makes the mapping. A property of <see cref="Service"/> without a source is an
/// error. A property with the name of its field needs no line here.</summary>
[Mapper(EnumMappingStrategy = EnumMappingStrategy.ByValue, RequiredMappingStrategy = RequiredMappingStrategy.Target)]
internal static partial class ServiceMapper
{
    private const double NanoCpus = 1e9;

    [MapNestedProperties("Spec")]
    [MapNestedProperties("Spec.Container")]
    [MapNestedProperties("Spec.Placement")]
    [MapPropertyFromSource(nameof(Service.Mode), Use = nameof(ModeOf))]
    [MapPropertyFromSource(nameof(Service.Replicas), Use = nameof(ReplicasOf))]
    [MapPropertyFromSource(nameof(Service.Ports), Use = nameof(PortsOf))]
    [MapProperty("Spec.Ports", nameof(Service.Publish))]
    [MapProperty("RunningTasks", nameof(Service.Running))]
    [MapProperty("PreviousSpec.Container.Image", nameof(Service.PreviousImage))]
    [MapProperty("Spec.Labels", nameof(Service.Labels))]
    [MapProperty("Spec.Container.Labels", nameof(Service.ContainerLabels))]
    [MapProperty("Spec.Container.Dir", nameof(Service.WorkingDirectory))]
    [MapProperty("Spec.Container.Hostname", nameof(Service.HostName))]
    [MapProperty("Spec.Container.CapabilityAdd", nameof(Service.CapAdd))]
    [MapProperty("Spec.Container.CapabilityDrop", nameof(Service.CapDrop))]
    [MapProperty("Spec.Placement.SpreadPreferences", nameof(Service.PlacementPreferences), Use = nameof(Spread))]
    [MapProperty("Spec.Resources.Reservations.NanoCpus", nameof(Service.ReserveCpu), Use = nameof(Cpus))]
    [MapProperty("Spec.Resources.Reservations.MemoryBytes", nameof(Service.ReserveMemory))]
    [MapProperty("Spec.Resources.Limits.NanoCpus", nameof(Service.LimitCpu), Use = nameof(Cpus))]
    [MapProperty("Spec.Resources.Limits.MemoryBytes", nameof(Service.LimitMemory))]
    [MapProperty("Spec.Resources.PidsLimit", nameof(Service.LimitPids))]
    [MapProperty("Spec.RestartPolicy.Condition", nameof(Service.RestartCondition))]
    [MapProperty("Spec.RestartPolicy.Delay", nameof(Service.RestartDelay))]
    [MapProperty("Spec.RestartPolicy.MaxAttempts", nameof(Service.RestartMaxAttempts))]
    [MapProperty("Spec.RestartPolicy.Window", nameof(Service.RestartWindow))]
    [MapProperty("Spec.Update", nameof(Service.UpdateConfig))]
    [MapProperty("Spec.Rollback", nameof(Service.RollbackConfig))]
    private static partial Service Map(V1.Service service);

    public static Service ToService(V1.Service service) => ReadObjects.Remember(Map(service), () => Map(service));

    private static ServiceMode ModeOf(V1.Service service) => IsGlobal(service) ? ServiceMode.Global : ServiceMode.Replicated;

    private static long ReplicasOf(V1.Service service) =>
        (long)(IsGlobal(service) ? service.DesiredTasks : service.Spec?.Replicated?.Replicas ?? 0);

    private static PublishedPort[] PortsOf(V1.Service service) =>
        [.. (service.PublishedPorts.Count > 0 ? service.PublishedPorts : service.Spec?.Ports ?? []).Select(Map)];

    private static bool IsGlobal(V1.Service service) => service.Spec?.ModeCase == V1.ServiceSpec.ModeOneofCase.Global;

    [MapProperty(nameof(V1.PublishedPort.TargetPort), nameof(PublishedPort.Target))]
    [MapProperty(nameof(V1.PublishedPort.PublishedPort_), nameof(PublishedPort.Published))]
    private static partial PublishedPort Map(V1.PublishedPort? port);

    [MapProperty(nameof(V1.Mount.TmpfsSizeBytes), nameof(Mount.TmpfsSize))]
    private static partial Mount Map(V1.Mount? mount);

    private static UpdateConfig Map(V1.UpdateConfig? config) => config is null ? new() { Parallelism = 1 } : Given(config);

    [UserMapping(Default = false)]
    private static partial UpdateConfig Given(V1.UpdateConfig config);

    private static UpdateStatus? Map(V1.UpdateStatus? status) =>
        status is null || status.State == V1.UpdateState.None ? null : Given(status);

    [UserMapping(Default = false)]
    private static partial UpdateStatus Given(V1.UpdateStatus status);

    private static string[] Map(RepeatedField<string?>? list) => [.. list?.Select(t => t!) ?? []];

    [UserMapping(Default = false)]
    private static string[] Spread(RepeatedField<string?>? list) => [.. (list ?? []).Select(p => "spread=" + p)];

    private static Dictionary<string, string> Map(MapField<string?, string?>? map) => OutputMapper.Map(map!);

    [UserMapping(Default = false)]
    private static double Cpus(long nanoCpus) => nanoCpus / NanoCpus;

    private static TimeSpan? Map(Duration? duration) => duration?.ToTimeSpan();

    private static DateTime? Map(Timestamp? time) => OutputMapper.Time(time);
}
