namespace Swarm.Cmdlets;

/// <summary>Shows a progress bar per service, with a bar per task state below it.</summary>
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
        Write(
            new ProgressRecord(id, step.ServiceName, Status(step))
            {
                PercentComplete = step.Desired == 0 ? 100 : (int)Math.Min(100, step.Running * 100 / step.Desired),
            }
        );
        var states = step.States.Where(s => s.Value > 0).ToDictionary(s => StateOf(s.Key), s => s.Value);
        foreach (var (state, count) in states.OrderBy(s => s.Key))
        {
            Write(
                new ProgressRecord(id + 1 + (int)state, state.ToString(), $"{count} tasks")
                {
                    ParentActivityId = id,
                    PercentComplete = step.Desired == 0 ? 100 : (int)Math.Min(100, count * 100UL / step.Desired),
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

    private static string Status(V1.ServiceProgress step) =>
        $"{step.Running} of {step.Desired} tasks run{(step.Message.Length > 0 ? $", {step.Message}" : "")}";

    private static TaskState StateOf(string state) =>
        Enum.TryParse<TaskState>(state.Split('_')[^1], ignoreCase: true, out var parsed) ? parsed : TaskState.Unspecified;

    private void Write(ProgressRecord record)
    {
        _shown[record.ActivityId] = record;
        cmdlet.WriteProgress(record);
    }

    private void Close(int id)
    {
        if (_shown.Remove(id, out var record))
        {
            record.RecordType = ProgressRecordType.Completed;
            cmdlet.WriteProgress(record);
        }
    }
}
