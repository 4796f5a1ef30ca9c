namespace Swarm.Cmdlets.Services;

/// <summary>The entries of a spec's lists, as messages.</summary>
internal static class ServiceMessages
{
    public static V1.PublishedPort Of(PublishedPort port) =>
        new()
        {
            Protocol = (V1.PortProtocol)port.Protocol,
            TargetPort = (uint)port.Target,
            PublishedPort_ = (uint)port.Published,
            Mode = (V1.PublishMode)port.Mode,
        };

    /// <summary>A target port may be published several times; the published port identifies an entry.</summary>
    public static bool IsSamePort(V1.PublishedPort one, V1.PublishedPort other) =>
        one.Protocol == other.Protocol
        && (
            other.PublishedPort_ == 0
                ? one.PublishedPort_ == 0 && one.TargetPort == other.TargetPort
                : one.PublishedPort_ == other.PublishedPort_
        );

    public static V1.Mount Of(Mount mount)
    {
        var message = new V1.Mount
        {
            Type = (V1.MountType)mount.Type,
            Source = mount.Source,
            Target = mount.Target,
            ReadOnly = mount.ReadOnly,
            TmpfsSizeBytes = (ulong)mount.TmpfsSize,
            TmpfsMode = (uint)mount.TmpfsMode,
            VolumeDriver = mount.VolumeDriver,
        };
        message.VolumeLabels.Add(mount.VolumeLabels);
        return message;
    }
}
