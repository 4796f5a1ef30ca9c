using System.Collections;
using Google.Protobuf.Collections;
using Swarm.Cmdlets.Completion;

namespace Swarm.Cmdlets.Services;

/// <summary>Completes the values that the parameter can remove from the services of -Name: keys of their labels for -RemoveLabel, and so
/// on.</summary>
public sealed class ServiceValueCompleter : LiveCompleter
{
    private protected override async Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        var services = await NamedAsync(
            bound,
            names =>
                client.Services.ListServices(new V1.ListServicesRequest { Selectors = { names } }, cancellationToken: cancellationToken),
            static s => s.Spec.Name,
            cancellationToken
        );
        return ServiceOption.All.GetValueOrDefault(parameter)?.Field is { } field
            ? [.. services.SelectMany(s => Values(field, s.Spec))]
            : [];
    }

    private static IEnumerable<Candidate> Values(SpecField field, V1.ServiceSpec spec) =>
        field.Get(spec) switch
        {
            MapField<string, string> map => map.Select(e => new Candidate(e.Key, $"{e.Key}={e.Value}")),
            RepeatedField<V1.Mount> mounts => mounts.Select(m => new Candidate(m.Target, $"{m.Source}:{m.Target}")),
            RepeatedField<V1.PublishedPort> ports => ports.Select(p => new Candidate(
                p.Protocol == V1.PortProtocol.Tcp ? $"{p.TargetPort}" : $"{p.TargetPort}/{p.Protocol.ToString().ToLowerInvariant()}",
                $"published as {p.PublishedPort_}"
            )),
            RepeatedField<string> env when field.Path == "container.env" => env.Select(e => e.Split('=')[0])
                .Select(name => new Candidate(name, name)),
            RepeatedField<string> spread when field.Path == "placement.spread_preferences" => spread.Select(p => new Candidate(
                $"spread={p}",
                $"spread={p}"
            )),
            RepeatedField<string> list => list.Select(v => new Candidate(v, v)),
            _ => [],
        };
}
