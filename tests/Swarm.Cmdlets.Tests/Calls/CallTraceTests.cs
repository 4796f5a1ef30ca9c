using System.Text.RegularExpressions;
using Grpc.Core;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Calls;

/// <summary>-Verbose tells endpoint, call and duration of each call; -Debug shows the request.</summary>
public sealed class CallTraceTests
{
    [Fact]
    public async ValueTask Verbose_tells_each_call_with_endpoint_and_duration()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var told = shell.Run("Set-SwarmService web -Image web:2 -Verbose").ThrowIfFailed().Verbose.Where(IsCall).ToList();
        var endpoint = Regex.Escape(shell.Daemon!.Socket);
        Assert.Equal(2, told.Count);
        Assert.Matches($@"^{endpoint}: Services/ListServices took [0-9.]+ ms, 1 answer\.$", told[0]);
        Assert.Matches($@"^{endpoint}: Services/UpdateService took [0-9.]+ ms\.$", told[1]);
        Assert.Empty(shell.Run("Set-SwarmService web -Image web:3").ThrowIfFailed().Verbose);
        Assert.Single(
            shell.Run("$VerbosePreference = 'Continue'; Get-SwarmService; $VerbosePreference = 'SilentlyContinue'").Verbose,
            IsCall
        );
        Assert.Empty(shell.Run("Get-SwarmService -Verbose").Debug);
    }

    [Fact]
    public async ValueTask A_refused_call_and_each_repetition_are_told()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var told = shell.Run("Get-SwarmService nope -Verbose").Verbose;
        Assert.EndsWith(" ms, NotFound (ServiceNotFound).", Assert.Single(told), StringComparison.Ordinal);
        shell.Fake.NextRefusals.Enqueue(FakeControl.Refuse(StatusCode.Unavailable, "NoLeader", "The swarm has no leader.", ""));
        told = shell.Run("Invoke-SwarmScale web 2 -Verbose").ThrowIfFailed().Verbose;
        Assert.Equal(2, told.Count(t => t.Contains("Services/ScaleServices took", StringComparison.Ordinal)));
        Assert.Single(told, t => t.EndsWith("Unavailable (NoLeader).", StringComparison.Ordinal));
    }

    [Fact]
    public async ValueTask A_command_within_a_pipeline_tells_its_own_calls_only()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.AddService("db");
        var told = shell.Run("Get-SwarmService | Set-SwarmService -Image web:2 -Verbose").ThrowIfFailed().Verbose.Where(IsCall).ToList();
        Assert.Equal(4, told.Count);
        Assert.Equal(2, told.Count(t => t.Contains("UpdateService", StringComparison.Ordinal)));
        told = [.. shell.Run("Get-SwarmService -Verbose | Set-SwarmService -Image web:3").ThrowIfFailed().Verbose.Where(IsCall)];
        Assert.Contains("ListServices", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask Debug_shows_the_request_before_the_call()
    {
        await using var shell = await Shell.StartAsync();
        var shown = Assert.Single(shell.Run("New-SwarmService web nginx -Replicas 2 -Env A=1,B= -StopGracePeriod 3s -Debug").Debug);
        Assert.StartsWith($"{shell.Daemon!.Socket}: Services/CreateService {{ ", shown, StringComparison.Ordinal);
        Assert.Contains("\"name\": \"web\"", shown, StringComparison.Ordinal);
        Assert.Contains("\"image\": \"nginx\"", shown, StringComparison.Ordinal);
        Assert.Contains("\"replicas\": 2", shown, StringComparison.Ordinal);
        Assert.Contains("\"env\": [\"A=***\", \"B=***\"]", shown, StringComparison.Ordinal);
        Assert.Contains("\"stopGracePeriod\": \"3s\"", shown, StringComparison.Ordinal);
        // Fields that are not set are not shown.
        Assert.DoesNotContain("dryRun", shown, StringComparison.Ordinal);
    }

    private static bool IsCall(string sentence) => sentence.Contains(" took ", StringComparison.Ordinal);
}
