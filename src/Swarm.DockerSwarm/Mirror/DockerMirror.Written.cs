using System.Text.Json.Nodes;
using Swarm.Core.Errors;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Mirror;

/// <content>Reads the objects of a write alone, and knows whether a look is needed before the next one.</content>
public sealed partial class DockerMirror
{
    // Looks and writes in their order: a look shows the writes that ended before it began.
    private long _ticks;
    private long _lookBegan;
    private long _writeEnded;

    /// <summary>Whether the last look began after every write that was sent through this swarmd had ended.</summary>
    public bool ShowsEveryWrite
    {
        get
        {
            lock (_gate)
            {
                return _lookBegan > _writeEnded;
            }
        }
    }

    /// <summary>A write has ended, whether or not the engine has answered it.</summary>
    public void NoteWrite()
    {
        lock (_gate)
        {
            _writeEnded = ++_ticks;
        }
    }

    /// <summary>Returns when the mirror shows these objects as the engine knew them after the call began: one request, where a look takes four.</summary>
    /// <param name="kind">services or nodes.</param>
    /// <param name="ids">Of objects that were written. Removals are left to the next look.</param>
    /// <param name="cancellation">The caller has gone.</param>
    /// <exception cref="SwarmException">As <see cref="RefreshAsync"/>.</exception>
    public Task ReadWrittenAsync(string kind, IReadOnlyCollection<string> ids, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_next is { } look)
            {
                // It has yet to begin, and shows everything.
                return look.WaitAsync(cancellation);
            }
            // A look that is under way may have read these objects before they were written: it must not come last.
            var before = _running;
            _running = Task.Run(
                async () =>
                {
                    await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    await ReadAsync(kind, ids);
                },
                CancellationToken.None
            );
            return _running.WaitAsync(cancellation);
        }
    }

    private async Task ReadAsync(string kind, IReadOnlyCollection<string> ids)
    {
        var wanted = new JsonObject { ["id"] = new JsonArray([.. ids.Select(static id => JsonValue.Create(id))]) };
        try
        {
            var found = await _engine.GetAsync($"/{kind}?filters={Uri.EscapeDataString(wanted.ToJsonString())}", _stop.Token);
            _sync.AbsorbWritten(kind, found as JsonArray ?? []);
        }
        catch (EngineException e)
        {
            throw Failed(DockerErrors.From(e, ""));
        }
        catch (SwarmException e)
        {
            throw Failed(e);
        }
    }

    private long Tick()
    {
        lock (_gate)
        {
            return ++_ticks;
        }
    }

    private void Shown(long began)
    {
        lock (_gate)
        {
            _lookBegan = began;
        }
    }
}
