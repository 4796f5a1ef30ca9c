using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Calls;

/// <summary>Lists that leave out what is not asked for.</summary>
public sealed class ListFilterTests
{
    [Theory]
    [InlineData("tier", "db,web")]
    [InlineData("tier=front", "web")]
    [InlineData("tier,zone=a", "web")]
    [InlineData("@{ tier = 'front'; zone = 'a' }", "web")]
    [InlineData("tier=nope", "")]
    [InlineData("none", "")]
    public async ValueTask Services_are_chosen_by_their_labels(string label, string expected)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("db").Spec.Labels.Add("tier", "back");
        shell.Fake.AddService("other");
        var web = shell.Fake.AddService("web");
        web.Spec.Labels.Add("tier", "front");
        web.Spec.Labels.Add("zone", "a");
        var found = shell.Run($"Get-SwarmService -Label {label}").As<Service>().Select(s => s.Name);
        Assert.Equal(expected.Split(',', StringSplitOptions.RemoveEmptyEntries), found);
    }

    [Fact]
    public async ValueTask Tasks_are_chosen_by_their_states_by_the_manager()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web", 3);
        shell.Fake.Tasks[1].Status.State = V1.TaskState.Failed;
        shell.Fake.Tasks[2].Status.State = V1.TaskState.Pending;
        var found = shell.Run("Get-SwarmTask web -State Failed,Pending").As<Task>();
        Assert.Equal([TaskState.Failed, TaskState.Pending], found.Select(t => t.State));
        Assert.Equal([V1.TaskState.Failed, V1.TaskState.Pending], shell.Fake.Last<V1.ListTasksRequest>().States);
        Assert.Empty(shell.Run("Get-SwarmTask web.1 -State Rejected").ThrowIfFailed().Output);
    }
}
