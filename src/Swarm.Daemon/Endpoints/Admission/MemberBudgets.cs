using Swarm.Security.Certificates;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>The call budgets of the members that are connected: one for each certificate's name, over all its connections.</summary>
internal sealed class MemberBudgets(ClusterLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (CallBudget Calls, int Connections)> _budgets = new(StringComparer.Ordinal);

    /// <summary>A member's name within its role: a renewed certificate is the same caller.</summary>
    public static string KeyOf(PeerIdentity member) => $"{CertificateRoleNames.Of(member.Role)}/{member.Name}";

    public CallBudget Connected(PeerIdentity member)
    {
        var key = KeyOf(member);
        lock (_lock)
        {
            var (calls, connections) = _budgets.TryGetValue(key, out var known) ? known : (NewBudget(member.Role), 0);
            _budgets[key] = (calls, connections + 1);
            return calls;
        }
    }

    public void Disconnected(PeerIdentity member)
    {
        var key = KeyOf(member);
        lock (_lock)
        {
            var (calls, connections) = _budgets[key];
            if (connections == 1)
            {
                _budgets.Remove(key);
            }
            else
            {
                _budgets[key] = (calls, connections - 1);
            }
        }
    }

    private CallBudget NewBudget(CertificateRole role) =>
        new(role == CertificateRole.Worker ? limits.WorkerCalls : limits.AdministratorCalls, limits.MemberBytes);
}
