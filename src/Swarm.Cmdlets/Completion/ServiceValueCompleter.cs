using System.Collections;

namespace Swarm.Cmdlets.Completion;

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
        var services = await AllAsync(
            client.Services.ListServices(new V1.ListServicesRequest(), cancellationToken: cancellationToken),
            cancellationToken
        );
        return [.. services.Where(s => IsNamed(bound, s.Spec.Name, s.Id)).SelectMany(s => Values(parameter, s.Spec))];
    }

    private static IEnumerable<Candidate> Values(string parameter, V1.ServiceSpec spec) =>
        parameter switch
        {
            "RemoveEnv" => (spec.Container?.Env ?? []).Select(e => new Candidate(e.Split('=')[0], e)),
            "RemoveLabel" => spec.Labels.Select(l => new Candidate(l.Key, $"{l.Key}={l.Value}")),
            "RemoveContainerLabel" => (spec.Container?.Labels ?? []).Select(l => new Candidate(l.Key, $"{l.Key}={l.Value}")),
            "RemoveConstraint" => Plain(spec.Placement?.Constraints),
            "RemovePlacementPreference" => Plain(spec.Placement?.SpreadPreferences.Select(p => $"spread={p}")),
            "RemoveMount" => (spec.Container?.Mounts ?? []).Select(m => new Candidate(m.Target, $"{m.Source}:{m.Target}")),
            "RemoveGroup" => Plain(spec.Container?.Groups),
            "RemoveNetwork" => Plain(spec.Networks),
            "RemovePublish" => spec.Ports.Select(p => new Candidate(
                p.Protocol == V1.PortProtocol.Tcp ? $"{p.TargetPort}" : $"{p.TargetPort}/{p.Protocol.ToString().ToLowerInvariant()}",
                $"published as {p.PublishedPort_}"
            )),
            _ => [],
        };

    private static IEnumerable<Candidate> Plain(IEnumerable<string>? values) => (values ?? []).Select(v => new Candidate(v, v));
}
