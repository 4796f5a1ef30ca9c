using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Services;

/// <summary>The common end of every change of a service: warnings, the wait, the output.</summary>
public abstract class ServiceChangeCmdlet : SwarmCmdlet
{
    private protected async ValueTask FinishAsync(
        V1.Service service,
        IEnumerable<string> warnings,
        bool wait,
        TimeSpan? timeout,
        bool emit,
        CancellationToken cancellationToken
    )
    {
        foreach (var warning in warnings)
        {
            WriteWarning(warning);
        }
        if (wait)
        {
            await WaitForChangedServicesAsync([service], timeout, cancellationToken);
        }
        if (!emit)
        {
            return;
        }
        // After a wait, the output shows the state that the wait ended with.
        foreach (var shown in wait ? await FindServicesAsync([service.Id], cancellationToken) : [service])
        {
            WriteObject(OutputMapper.ToService(shown));
        }
    }
}
