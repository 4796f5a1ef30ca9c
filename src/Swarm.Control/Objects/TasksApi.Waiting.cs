using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Reading;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

public partial class TasksApi
{
    public override async Task WaitTask(
        V1.WaitTaskRequest request,
        IServerStreamWriter<V1.StopProgress> responseStream,
        ServerCallContext context
    )
    {
        var cancellation = context.CancellationToken;
        await objects.RequireLeaderAsync(cancellation);
        var stopped = objects.Store.Read(state =>
            request.ServiceId.Length > 0
                ? new StoppedTask(request.TaskId, request.ServiceId, (uint)request.Slot, request.NodeId)
                : StoppedTask.Of(Selectors.Task(state, request.TaskId))
        );
        using var signal = objects.Store.Watch(change =>
            change switch
            {
                ChangedObject.OfTask c => (c.After ?? c.Before)!.ServiceId == stopped.ServiceId,
                ChangedObject.OfService c => (c.After ?? c.Before)!.Id == stopped.ServiceId,
                ChangedObject.OfNode => true,
                _ => false,
            }
        );
        var pace = new ProgressPace(objects.Store, signal);
        V1.StopProgress? last = null;
        while (true)
        {
            objects.RequireStillLeading();
            var now = pace.Look(state => StopProgress(StopConvergence.Of(state, stopped)));
            if (!now.Equals(last))
            {
                await responseStream.SendAsync(last = now, context);
            }
            if (now.Done || now.Stuck)
            {
                return;
            }
            await pace.NextAsync(cancellation);
        }
    }

    private static V1.StopProgress StopProgress(StopConvergence convergence) =>
        new()
        {
            Ended = convergence.Ended,
            ReplacementId = convergence.Replacement?.Id ?? "",
            ReplacementState = ProtocolMapping.ToWire(convergence.Replacement?.Status.State ?? TaskState.New),
            Done = convergence.Done,
            Stuck = convergence.Stuck,
            Message = convergence.Message,
            Reason = convergence.Reason,
        };
}
