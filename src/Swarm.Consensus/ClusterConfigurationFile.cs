using System.Net;
using DotNext.Buffers;
using DotNext.Net;
using DotNext.Net.Cluster.Consensus.Raft.Membership;
using Swarm.Consensus.Errors;
using Swarm.Storage;

namespace Swarm.Consensus;

/// <summary>The list of members, on disk.</summary>
internal sealed class ClusterConfigurationFile : PersistentClusterConfigurationStorage<EndPoint>
{
    private readonly string _path;

    public ClusterConfigurationFile(string path)
        : base(path) => _path = path;

    protected override void Encode(EndPoint address, ref BufferWriterSlim<byte> writer) => writer.WriteEndPoint(address);

    protected override EndPoint Decode(ref SequenceReader reader) => reader.ReadEndPoint();

    /// <summary>Checks the file, before the log is opened.</summary>
    /// <param name="path">The file; missing before the first start.</param>
    /// <param name="logIsEmpty">True at a first start that may have been interrupted: a torn file is then replaced.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ReplicatedLogException">Corrupted.</exception>
    public static async Task CheckAsync(string path, bool logIsEmpty, CancellationToken cancellation)
    {
        if (!File.Exists(path))
        {
            if (!logIsEmpty)
            {
                throw LogDamage.Error(path, "it is missing, though the log is not empty");
            }
            return;
        }
        try
        {
            using var storage = new ClusterConfigurationFile(path);
            var (members, version) = await LoadAsync(storage, cancellation);
            if (members.Count == 0 || version < 0)
            {
                throw new InvalidDataException("it names no member");
            }
        }
        catch (Exception error) when (error is not (OperationCanceledException or UnauthorizedAccessException))
        {
            if (!logIsEmpty)
            {
                throw LogDamage.Error(path, $"the list of members cannot be read ({error.Message})", error);
            }
            File.Delete(path);
        }
    }

    /// <summary>The members, once everything committed has been applied. A lone member that has moved to another address gets the new
    /// one.</summary>
    public async Task<IReadOnlyCollection<EndPoint>> PrepareAsync(EndPoint self, CancellationToken cancellation)
    {
        var (members, version) = await LoadAsync(this, cancellation);
        if (members.Count != 1 || members.Contains(self))
        {
            return members;
        }
        await MoveAsync(_path, self, version, cancellation);
        return [self];
    }

    private static async Task<(IReadOnlyCollection<EndPoint> Members, long Version)> LoadAsync(
        IClusterConfigurationStorage storage,
        CancellationToken cancellation
    )
    {
        var (configuration, version) = await storage.LoadConfigurationAsync(cancellation);
        return ((IReadOnlyCollection<EndPoint>)((IClusterConfiguration<EndPoint>)configuration).Members, version);
    }

    private static async Task MoveAsync(string path, EndPoint self, long version, CancellationToken cancellation)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var storage = new ClusterConfigurationFile(temporary))
        {
            var empty = await ((IClusterConfigurationStorage<EndPoint>)storage).LoadConfigurationAsync(cancellation);
            await ((IClusterConfigurationStorage)storage).SaveConfigurationAsync(empty.Add(self), version, cancellation);
        }
        DurableFile.Commit(temporary, path);
    }
}
