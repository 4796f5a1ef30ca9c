using System.Net;

namespace Swarm.DataPlane.UserSpace;

/// <summary>A task that takes connections for a published port.</summary>
internal sealed record Backend(string TaskId, string NodeId, IPEndPoint EndPoint);
