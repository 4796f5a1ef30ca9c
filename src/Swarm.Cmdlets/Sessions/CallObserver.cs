namespace Swarm.Cmdlets.Sessions;

/// <summary>A command that wants to know of its calls: the sentences of -Verbose and -Debug. It flows with the command's work, also to other
/// threads, but it writes on the pipeline's thread only.</summary>
/// <param name="verbose">Writes a sentence about a call that has ended; null: not wanted.</param>
/// <param name="debug">Writes a request; null: not wanted.</param>
internal sealed class CallObserver(Action<string>? verbose, Action<string>? debug)
{
    private static readonly AsyncLocal<CallObserver?> Ambient = new();
    private SynchronizationContext? _pipeline;

    /// <summary>Of the command whose work runs here; null: nobody wants to know.</summary>
    public static CallObserver? Current => Ambient.Value;

    public bool WantsRequests => debug is not null;

    /// <summary>Runs work under this observer. A command of the same pipeline may run within it, and has its own.</summary>
    /// <param name="observer">Null: the work's calls are of no interest.</param>
    /// <param name="work">Runs the work to its end.</param>
    public static void Run(CallObserver? observer, Action work)
    {
        var outer = Ambient.Value;
        Ambient.Value = observer;
        try
        {
            work();
        }
        finally
        {
            Ambient.Value = outer;
        }
    }

    /// <summary>Called on the pipeline's thread, before the first call.</summary>
    public void Enter() => _pipeline = SynchronizationContext.Current;

    public void Tell(string sentence) => OnPipeline(verbose, sentence);

    public void Show(string request) => OnPipeline(debug, request);

    private void OnPipeline(Action<string>? write, string text)
    {
        if (write is null || _pipeline is not { } pipeline)
        {
            return;
        }
        if (ReferenceEquals(SynchronizationContext.Current, pipeline))
        {
            write(text);
            return;
        }
        pipeline.Post(
            _ =>
            {
                // After the command's end this is another thread, on which a command must not write.
                if (ReferenceEquals(SynchronizationContext.Current, pipeline))
                {
                    write(text);
                }
            },
            null
        );
    }
}
