using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>Events, as <see cref="FakeControl"/> has it in memory.</summary>
internal sealed class FakeEvents(FakeControl control) : V1.Events.EventsBase
{
    public override async AsyncTask WatchEvents(
        V1.WatchEventsRequest request,
        IServerStreamWriter<V1.Event> responseStream,
        ServerCallContext context
    )
    {
        control.Note(request);
        await responseStream.WriteAsync(
            new V1.Event
            {
                Kind = "task",
                Action = "update",
                Name = "web.1",
                Detail = "state: Starting -> Running",
                Time = Timestamp.FromDateTime(DateTime.UtcNow),
            }
        );
        await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
    }
}
