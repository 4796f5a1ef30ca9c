using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Control.Addresses;
using Swarm.Core.Errors;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Areas;

/// <summary>The engine's word on its swarm as a whole.</summary>
internal sealed class EngineSwarm(EngineClient engine)
{
    /// <summary>The engine gives up joining after 20 s.</summary>
    private static readonly TimeSpan MembershipDeadline = TimeSpan.FromSeconds(40);

    /// <summary>Each try lost to another writer; more than this is no coincidence.</summary>
    private const int MostTries = 8;

    /// <summary>The engine's own part in the swarm. Errors are the engine's.</summary>
    /// <exception cref="EngineException">The engine refused.</exception>
    /// <exception cref="SwarmException">EngineUnavailable.</exception>
    public Task<JsonNode?> InfoAsync(CancellationToken cancellation) => engine.GetAsync("/info", cancellation);

    /// <exception cref="SwarmException">The engine refused, or does not answer.</exception>
    public async Task<JsonNode?> AskAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await engine.GetAsync(path, cancellation);
        }
        catch (EngineException e)
        {
            throw DockerErrors.From(e, "swarm");
        }
    }

    /// <summary>Of <c>/info</c>, what it says of the swarm.</summary>
    /// <inheritdoc cref="AskAsync"/>
    public async Task<JsonObject?> OwnPartAsync(CancellationToken cancellation) => (await AskAsync("/info", cancellation)).Object("Swarm");

    /// <inheritdoc cref="AskAsync"/>
    public async Task<JsonObject> ReadAsync(CancellationToken cancellation) => await AskAsync("/swarm", cancellation) as JsonObject ?? [];

    /// <param name="explain">Facts about a refusal beyond the engine's words.</param>
    public async Task ChangeMembershipAsync(
        string path,
        JsonNode? body,
        string target,
        CancellationToken cancellation,
        Func<EngineException, SwarmException, Task<SwarmException>>? explain = null
    )
    {
        try
        {
            await engine.SendAsync(HttpMethod.Post, path, body, MembershipDeadline, "", cancellation);
        }
        catch (EngineException e)
        {
            var refusal = DockerErrors.From(e, target);
            throw explain is null ? refusal : await explain(e, refusal);
        }
    }

    /// <summary>Changes the swarm's spec; when somebody else was faster, on fresh state again.</summary>
    public async Task ChangeAsync(string query, Func<JsonObject, JsonObject> change, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var swarm = await ReadAsync(cancellation);
            var spec = change(swarm);
            try
            {
                var version = DockerObjects.VersionOf(swarm).ToString(CultureInfo.InvariantCulture);
                await engine.PostAsync($"/swarm/update?version={version}{query}", spec, cancellation);
                return;
            }
            catch (EngineException e) when (e.IsVersionConflict && attempt < MostTries)
            {
                // Once more, with what it is now.
            }
            catch (EngineException e)
            {
                throw DockerErrors.From(e, "swarm");
            }
        }
    }

    public static IEnumerable<string> ManagerAddresses(JsonObject? info) =>
        (info.Array("RemoteManagers") ?? [])
            .Select(static m => m.Text("Addr"))
            .Where(static a => a.Length > 0)
            .Order(StringComparer.Ordinal);

    /// <summary>The address with the port of a manager, where it has none.</summary>
    public static string WithPort(string address) =>
        HostAddress.TryParse(address, HostAddress.ClusterPort, out var parsed) ? parsed.ToString() : address;
}
