using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Services or nodes of a fake engine. As in a real engine, an update names the version that it starts from, and any other version
/// is
/// refused.</summary>
internal sealed class FakeObjects
{
    private readonly FakeEngine _engine;
    private readonly string _path;
    private readonly Dictionary<string, JsonObject> _objects = [];
    private readonly Lock _gate = new();
    private int _version = 19;

    /// <param name="engine">The engine that serves them from now on.</param>
    /// <param name="path"><c>/services</c> or <c>/nodes</c>.</param>
    public FakeObjects(FakeEngine engine, string path)
    {
        _engine = engine;
        _path = path;
        engine.Answer(path, context => context.Response.WriteAsJsonNodeAsync(All()));
        engine.Answer($"{path}/create", CreateAsync);
    }

    /// <summary>Called with the id after an update was made, before the engine answers.</summary>
    public Func<string, Task> Updated { get; set; } = static _ => Task.CompletedTask;

    /// <summary>The first has version 20; each further object and each change gets the next one.</summary>
    public void Add(string id, string json)
    {
        lock (_gate)
        {
            var made = JsonNode.Parse(json)!.AsObject();
            made["ID"] = id;
            _objects.Add(id, made);
            Touch(made);
        }
        _engine.Answer($"{_path}/{id}/update", context => UpdateAsync(id, context));
    }

    /// <summary>Changes the spec as another client.</summary>
    public void Change(string id, Action<JsonObject> change)
    {
        lock (_gate)
        {
            var spec = _objects[id]["Spec"]!.DeepClone().AsObject();
            change(spec);
            Set(_objects[id], spec);
        }
    }

    public JsonNode Spec(string id)
    {
        lock (_gate)
        {
            return _objects[id]["Spec"]!.DeepClone();
        }
    }

    private string All()
    {
        lock (_gate)
        {
            return "[" + string.Join(',', _objects.Values.Select(static o => o.ToJsonString())) + "]";
        }
    }

    private async Task CreateAsync(HttpContext context)
    {
        string id;
        lock (_gate)
        {
            id = string.Create(CultureInfo.InvariantCulture, $"made{_objects.Count}");
        }
        Add(
            id,
            new JsonObject
            {
                ["CreatedAt"] = "2026-11-24T10:41:21Z",
                ["UpdatedAt"] = "2026-11-24T10:41:21Z",
                ["Spec"] = JsonNode.Parse(_engine.Writes.Last().Body),
            }.ToJsonString()
        );
        context.Response.StatusCode = 201;
        await context.Response.WriteAsJsonNodeAsync($$"""{"ID":"{{id}}"}""");
    }

    private async Task UpdateAsync(string id, HttpContext context)
    {
        if (!TryUpdate(id, context.Request.Query, _engine.Writes.Last().Body))
        {
            context.Response.StatusCode = 500;
            await context.Response.WriteAsJsonNodeAsync("""{"message":"rpc error: code = Unknown desc = update out of sequence"}""");
            return;
        }
        await Updated(id);
        await context.Response.WriteAsJsonNodeAsync("{}");
    }

    private bool TryUpdate(string id, IQueryCollection query, string body)
    {
        lock (_gate)
        {
            var known = _objects[id];
            if (query["version"] != known["Version"]!["Index"]!.GetValue<int>().ToString(CultureInfo.InvariantCulture))
            {
                return false;
            }
            Set(known, query["rollback"] == "previous" ? known["PreviousSpec"]!.DeepClone() : JsonNode.Parse(body)!);
            return true;
        }
    }

    private void Set(JsonObject known, JsonNode spec)
    {
        known["PreviousSpec"] = known["Spec"]!.DeepClone();
        known["Spec"] = spec;
        Touch(known);
    }

    private void Touch(JsonObject changed) => changed["Version"] = new JsonObject { ["Index"] = ++_version };
}
