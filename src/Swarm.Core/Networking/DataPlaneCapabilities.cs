namespace Swarm.Core.Networking;

/// <summary>A node's networking, in the words that <see cref="Model.NodeDescription.Plugins"/> has for it.</summary>
public static class DataPlaneCapabilities
{
    /// <summary>The node answers on published ports, and its tasks are reached from all nodes.</summary>
    public const string IngressPorts = "Port/ingress";

    /// <summary>The node's tasks can be on overlay networks.</summary>
    public const string OverlayNetworks = "Network/overlay";
}
