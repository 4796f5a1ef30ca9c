using Swarm.Core.Credentials;
using Swarm.Core.State;
using Swarm.Core.Tests.Scheduling;

namespace Swarm.Core.Tests.Credentials;

public sealed class CredentialSetTests
{
    private static readonly DateTimeOffset Start = SwarmFixture.Start;

    [Fact]
    public void One_is_revoked_and_keeps_its_moment()
    {
        var set = CredentialSet.Empty.Issue(Make("alice", "4A")).Issue(Make("alice", "4B"));
        set = set.Revoke("4a", Start.AddDays(1)).Revoke("4A", Start.AddDays(2));
        Assert.Equal(Start.AddDays(1), set.Find("4A")!.RevokedAt);
        Assert.True(set.IsRevoked("alice", "4A", Start));
        Assert.False(set.IsRevoked("alice", "4B", Start));
    }

    [Fact]
    public void A_name_is_revoked_until_a_moment_also_without_a_record()
    {
        var set = CredentialSet.Empty.Issue(Make("alice", "4A")).RevokeName("alice", Start.AddDays(1));
        Assert.True(set.IsRevoked("alice", "unknown", Start.AddDays(1)));
        Assert.False(set.IsRevoked("alice", "unknown", Start.AddDays(1).AddSeconds(1)));
        Assert.False(set.IsRevoked("bob", "unknown", Start));
        Assert.Equal(Start.AddDays(1), set.Find("4A")!.RevokedAt);
        // A clock that steps back takes nothing back.
        set = set.RevokeName("alice", Start);
        Assert.Equal(Start.AddDays(1), set.RevokedUntil("alice"));
        Assert.Single(set.RevokedNames);
    }

    [Fact]
    public void A_name_is_revoked_with_the_certificates_of_a_clock_that_was_ahead()
    {
        var set = CredentialSet.Empty.Issue(Make("alice", "4A", Start.AddHours(1))).RevokeName("alice", Start);
        Assert.True(set.IsRevoked("alice", "4A", Start.AddHours(1)));
        Assert.Equal(Start, set.Find("4A")!.RevokedAt);
        Assert.False(set.IsRevoked("alice", "4B", Start.AddHours(2)));
    }

    [Fact]
    public void What_was_revoked_stays_so_after_a_clock_was_ahead()
    {
        var set = CredentialSet.Empty.Issue(Make("alice", "4A")).Revoke("4A", Start.AddDays(1));
        set = set.Issue(Make("bob", "4B", Start.AddYears(10)));
        Assert.True(set.IsRevoked("alice", "4A", Start));
    }

    [Fact]
    public void What_ended_long_before_is_forgotten()
    {
        var set = CredentialSet.Empty.Issue(Make("alice", "4A"));
        set = set.Issue(Make("bob", "4B", Start.AddDays(365 + 30)));
        Assert.Equal(["4A", "4B"], set.Issued.Select(c => c.SerialNumber));
        set = set.Issue(Make("carol", "4C", Start.AddDays(365 + 31)));
        Assert.Equal(["4B", "4C"], set.Issued.Select(c => c.SerialNumber));
    }

    [Fact]
    public void A_script_that_asks_again_and_again_does_not_fill_the_state()
    {
        var set = CredentialSet.Empty.Issue(Make("alice", "4A"));
        for (var number = 0; number < CredentialSet.Most * 2; number++)
        {
            var at = Start.AddSeconds(number);
            set = set.Issue(Make("script", $"{number}", at) with { ExpiresAt = at.AddMinutes(1) });
        }
        Assert.Equal(CredentialSet.Most, set.Issued.Count);
        Assert.NotNull(set.Find("4A"));
    }

    /// <summary>However many names somebody revokes, the next one is revoked too, and none of the former comes back.</summary>
    [Fact]
    public void Names_are_revoked_without_end_and_the_list_stays_short()
    {
        var set = CredentialSet.Empty.Issue(Make("valid", "4A")).Issue(Make("name0", "4B", Start.AddSeconds(-1)));
        const int Names = CredentialSet.Most + 10;
        for (var number = 0; number < Names; number++)
        {
            set = set.RevokeName($"name{number}", Start.AddSeconds(number));
        }
        Assert.Equal(CredentialSet.Most, set.RevokedNames.Count);
        for (var number = 0; number < Names; number++)
        {
            Assert.True(set.IsRevoked($"name{number}", "of an earlier version", Start.AddSeconds(number)), $"name{number}");
        }
        Assert.Equal(Start.AddSeconds(9), set.ForgottenUntil);
        Assert.True(set.IsRevoked("name0", "4B", Start.AddSeconds(-1)));
        // A certificate on record does not suffer for others, and neither do those that were made later.
        Assert.False(set.IsRevoked("valid", "4A", Start));
        Assert.True(set.IsRevoked("unrevoked", "of an earlier version", Start.AddSeconds(9)));
        Assert.False(set.IsRevoked("unrevoked", "of an earlier version", Start.AddSeconds(10)));
    }

    /// <summary>A certificate that came onto the record after its name's revocation, and is as old, is revoked by the name alone.</summary>
    [Fact]
    public void A_name_that_is_forgotten_leaves_its_certificates_revoked()
    {
        var set = CredentialSet.Empty.RevokeName("alice", Start).Issue(Make("alice", "4A"));
        Assert.True(set.IsRevoked("alice", "4A", Start));
        for (var number = 1; number <= CredentialSet.Most; number++)
        {
            set = set.RevokeName($"name{number}", Start.AddSeconds(number));
        }
        Assert.Null(set.RevokedUntil("alice"));
        Assert.True(set.IsRevoked("alice", "4A", Start));
        Assert.Equal(Start, set.Find("4A")!.RevokedAt);
    }

    [Fact]
    public void Revoked_certificates_make_room_for_others_and_stay_refused()
    {
        var set = CredentialSet.Empty;
        for (var number = 0; number < CredentialSet.Most; number++)
        {
            set = set.Issue(Make("mallory", $"{number}", Start.AddSeconds(number)));
        }
        Assert.Equal(CredentialSet.Most, set.CountValid(Start));
        set = set.Revoke("7", Start.AddDays(1)).Revoke("5", Start.AddDays(1));
        Assert.Equal(CredentialSet.Most - 2, set.CountValid(Start));
        set = set.Issue(Make("alice", "4A", Start.AddDays(1))).Issue(Make("bob", "4B", Start.AddDays(1)));
        Assert.Equal(CredentialSet.Most, set.Issued.Count);
        foreach (var number in (int[])[5, 7])
        {
            Assert.Null(set.Find($"{number}"));
            Assert.True(set.IsRevoked("mallory", $"{number}", Start.AddSeconds(number)));
        }
        Assert.False(set.IsRevoked("mallory", "6", Start.AddSeconds(6)));
        Assert.False(set.IsRevoked("alice", "4A", Start.AddDays(1)));
    }

    [Fact]
    public void What_has_been_forgotten_is_in_the_snapshot_and_in_forks()
    {
        var swarm = new SwarmFixture();
        for (var number = 0; number <= CredentialSet.Most; number++)
        {
            swarm.Apply(new StateChange.CredentialNameRevoke($"name{number}", Start.AddSeconds(number)));
        }
        var restored = new ClusterState();
        restored.Restore(swarm.State.Capture());
        foreach (var state in (ClusterState[])[swarm.State, restored, swarm.State.Fork()])
        {
            Assert.Equal(Start, state.Credentials.ForgottenUntil);
        }
    }

    [Fact]
    public void The_state_has_it_in_its_snapshot_and_in_its_forks()
    {
        var swarm = new SwarmFixture();
        swarm.Apply(new StateChange.CredentialIssue(Make("alice", "4A")), new StateChange.CredentialIssue(Make("alice", "4A")));
        swarm.Apply(new StateChange.CredentialNameRevoke("bob", Start), new StateChange.CredentialRevoke("4A", Start));
        var restored = new ClusterState();
        restored.Restore(swarm.State.Capture());
        foreach (var state in (ClusterState[])[swarm.State, restored, swarm.State.Fork()])
        {
            Assert.Equal(Start, Assert.Single(state.Credentials.Issued).RevokedAt);
            Assert.Equal(new RevokedName("bob", Start), Assert.Single(state.Credentials.RevokedNames));
        }
    }

    private static IssuedCredential Make(string name, string serial, DateTimeOffset? at = null) =>
        new()
        {
            Name = name,
            SerialNumber = serial,
            IssuedAt = at ?? Start,
            ExpiresAt = (at ?? Start).AddDays(365),
        };
}
