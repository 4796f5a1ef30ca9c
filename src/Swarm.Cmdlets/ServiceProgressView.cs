namespace Swarm.Cmdlets;

/// <summary>Shows a progress bar per service, with a bar below it per state of the tasks that do not run yet.</summary>
internal sealed class ServiceProgressView(AsyncCmdlet cmdlet)
{
    private const int FirstId = 7100;
    private readonly Dictionary<string, int> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<int, ProgressRecord> _shown = [];

    public void Show(V1.ServiceProgress step)
    {
        if (!_services.TryGetValue(step.ServiceId, out var id))
        {
            // Task states are below 20, so each service has a block of 20 ids.
            id = FirstId + (_services.Count * 20);
            _services.Add(step.ServiceId, id);
        }
        Write(new ProgressRecord(id, step.ServiceName, Status(step)) { PercentComplete = Percent(Done(step), step.Desired) });
        var states = step
            .States.Where(s => s.Value > 0)
            .Select(s => (State: StateOf(s.Key), Count: s.Value))
            // The service's own line says how many run.
            .Where(s => s.State != TaskState.Running)
            .ToDictionary(s => s.State, s => s.Count);
        foreach (var (state, count) in states.OrderBy(s => s.Key))
        {
            Write(
                new ProgressRecord(id + 1 + (int)state, state.ToString(), count == 1 ? "1 task" : $"{count} tasks")
                {
                    ParentActivityId = id,
                    PercentComplete = Percent(count, step.Desired),
                }
            );
        }
        foreach (var gone in _shown.Keys.Where(k => k > id && k < id + 20 && !states.ContainsKey((TaskState)(k - id - 1))).ToArray())
        {
            Close(gone);
        }
    }

    public void Complete()
    {
        foreach (var id in _shown.Keys.OrderDescending().ToArray())
        {
            Close(id);
        }
    }

    /// <summary>How far the service is, with the reason, as the manager says it: for errors.</summary>
    public static string Describe(V1.ServiceProgress step) =>
        step.Message.Length > 0 ? step.Message : $"{step.Running} of {step.Desired} tasks run{Reason(step)}";

    // A console has little room: the numbers come first, then the reason.
    private static string Status(V1.ServiceProgress step) =>
        step.UpdateStatus?.State switch
        {
            V1.UpdateState.Updating => $"{step.Updated} of {step.Desired} updated, {step.Running} run{Reason(step)}",
            V1.UpdateState.RollbackStarted => $"{step.Updated} of {step.Desired} rolled back, {step.Running} run{Reason(step)}",
            _ => Describe(step),
        };

    private static string Reason(V1.ServiceProgress step) => step.Reason.Length > 0 ? ": " + step.Reason : "";

    private static ulong Done(V1.ServiceProgress step) =>
        step.UpdateStatus?.State is V1.UpdateState.Updating or V1.UpdateState.RollbackStarted ? step.Updated : step.Running;

    private static int Percent(ulong count, ulong all) => all == 0 ? 100 : (int)Math.Min(100, count * 100 / all);

    private static TaskState StateOf(string state) =>
        Enum.TryParse<TaskState>(state.Split('_')[^1], ignoreCase: true, out var parsed) ? parsed : TaskState.Unspecified;

    private void Write(ProgressRecord record)
    {
        if (
            _shown.TryGetValue(record.ActivityId, out var before)
            && before.StatusDescription == VisibleText.Of(record.StatusDescription)
            && before.PercentComplete == record.PercentComplete
        )
        {
            // A host that writes lines would repeat this one.
            return;
        }
        _shown[record.ActivityId] = record;
        cmdlet.WriteProgress(record);
    }

    private void Close(int id)
    {
        if (_shown.Remove(id, out var record))
        {
            // A collected record must stay as it was.
            cmdlet.WriteProgress(
                new ProgressRecord(id, record.Activity, record.StatusDescription)
                {
                    ParentActivityId = record.ParentActivityId,
                    RecordType = ProgressRecordType.Completed,
                }
            );
        }
    }
}
