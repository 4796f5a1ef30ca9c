using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Swarm.Daemon.Tests.Storage;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Answers like an engine, on a Unix socket; a test sets the answer of each path. It covers rare answers of a real
/// engine.</summary>
internal sealed class FakeEngine : IAsyncDisposable
{
    public const string Node = """
        {"ID":"n1","Version":{"Index":9},"CreatedAt":"2026-11-24T10:41:20.004387683Z","UpdatedAt":"2026-11-24T10:41:20.252386459Z",
        "Spec":{"Labels":{},"Role":"manager","Availability":"active"},
        "Description":{"Hostname":"manager1","Platform":{"Architecture":"x86_64","OS":"linux"},"Resources":{"NanoCPUs":2000000000,"MemoryBytes":25276026880},"Engine":{"EngineVersion":"20.10.24"}},
        "Status":{"State":"ready","Addr":"10.0.0.1"},"ManagerStatus":{"Leader":true,"Reachability":"reachable","Addr":"10.0.0.1:2377"}}
        """;

    /// <summary>The answer to a client that is in a swarm and would enter another one.</summary>
    public const string AlreadyInSwarm =
        """{"message":"This node is already part of a swarm. Use \"docker swarm leave\" to leave this swarm and join another one."}""";

    private readonly WebApplication _app;
    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _answers = new();

    private FakeEngine()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(Socket));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        Answer("/version", """{"ApiVersion":"1.41","Version":"20.10.24"}""");
        Answer("/_ping", "");
        Answer(
            "/info",
            """{"Name":"manager1","Swarm":{"NodeID":"n1","NodeAddr":"10.0.0.1","LocalNodeState":"active","ControlAvailable":true,"Cluster":{"ID":"c1"}}}"""
        );
        Answer(
            "/swarm",
            """{"ID":"c1","Version":{"Index":10},"CreatedAt":"2026-11-24T10:41:20Z","UpdatedAt":"2026-11-24T10:41:20Z","Spec":{}}"""
        );
        Answer("/nodes", $"[{Node}]");
        Answer("/services", "[]");
        Answer("/tasks", "[]");
        Answer("/networks", "[]");
        Answer("/swarm/init", AlreadyInSwarm, 503);
        Answer("/swarm/join", AlreadyInSwarm, 503);
        Answer(
            "/swarm/leave",
            """{"message":"You are attempting to leave the swarm on a node that is participating as a manager. Removing the last manager erases all current state of the swarm. Use `--force` to ignore this message."}""",
            503
        );
        Answer("/swarm/unlock", """{"message":"swarm is not locked"}""", 409);
        Answer("/swarm/unlockkey", """{"UnlockKey":""}""");
        Answer("/swarm/update", "{}");
    }

    public string Socket => _directory.Combine("d.sock");

    /// <summary>Method and path (without version and query) with query and body, of all writes.</summary>
    public ConcurrentQueue<(string Call, string Query, string Body)> Writes { get; } = new();

    /// <summary>Method and path (without version and query) of all requests.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static async Task<FakeEngine> StartAsync()
    {
        var engine = new FakeEngine();
        await engine._app.StartAsync(TestContext.Current.CancellationToken);
        return engine;
    }

    public void Answer(string path, string json, int status = 200) =>
        Answer(
            path,
            async context =>
            {
                context.Response.StatusCode = status;
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(json);
            }
        );

    public void Answer(string path, Func<HttpContext, Task> answer) => _answers[path] = answer;

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.StartsWith("/v1.", StringComparison.Ordinal))
        {
            path = path[path.IndexOf('/', 1)..];
        }
        Requests.Enqueue($"{context.Request.Method} {path}");
        if (context.Request.Method != "GET")
        {
            using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
            Writes.Enqueue(($"{context.Request.Method} {path}", context.Request.QueryString.Value ?? "", await reader.ReadToEndAsync()));
        }
        if (_answers.TryGetValue(path, out var answer))
        {
            await answer(context);
            return;
        }
        context.Response.StatusCode = 404;
        await context.Response.WriteAsync("""{"message":"page not found"}""");
    }
}
