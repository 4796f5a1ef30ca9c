namespace Swarm.DataPlane.UserSpace;

/// <summary>A published port that is open.</summary>
internal interface IPublishedPort : IAsyncDisposable
{
    BackendSet Backends { get; }

    /// <summary>Called after <see cref="Backends"/> changed.</summary>
    void BackendsChanged();
}
