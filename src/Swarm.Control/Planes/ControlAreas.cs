namespace Swarm.Control.Planes;

/// <summary>Implementations of areas of the control API: each is an instance of a class that derives from the base protoc generated for the area's service.</summary>
public sealed class ControlAreas
{
    private readonly Dictionary<Type, object> _implementations = [];

    /// <summary>Streams end when one of these is cancelled, not only with their caller.</summary>
    public IReadOnlyList<CancellationToken> Endings { get; init; } = [];

    /// <summary>Makes an implementation answer an area.</summary>
    /// <typeparam name="TArea">The generated base, such as <c>Nodes.NodesBase</c>.</typeparam>
    /// <exception cref="ArgumentException">The area is answered already.</exception>
    public ControlAreas Add<TArea>(TArea implementation)
        where TArea : class
    {
        _implementations.Add(typeof(TArea), implementation);
        return this;
    }

    public bool Has(Type area) => _implementations.ContainsKey(area);

    /// <exception cref="KeyNotFoundException">None was added for it.</exception>
    public TArea Get<TArea>()
        where TArea : class => (TArea)_implementations[typeof(TArea)];
}
