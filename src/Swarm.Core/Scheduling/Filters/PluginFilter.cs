using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>The engine has the volume drivers that the task's mounts name. An engine that reports no plugins at all passes.</summary>
internal sealed class PluginFilter(ValueList<string> volumeDrivers) : NodeFilter
{
    private const string Prefix = "Volume/";

    public override string Name => "plugins";

    public override bool Accepts(NodeInfo node) => Missing(node) is null;

    public override string Summarize(NodeInfo node) => $"volume driver {Missing(node)} is not installed";

    /// <summary>The drivers that a spec needs, in ordinal order. The <c>local</c> driver is part of every engine.</summary>
    public static ValueList<string> DriversOf(ServiceSpec spec)
    {
        SortedSet<string>? drivers = null;
        foreach (var mount in spec.Container.Mounts.AsSpan())
        {
            if (mount is { Type: MountType.Volume, VolumeDriver: not ("" or "local") })
            {
                (drivers ??= new(StringComparer.Ordinal)).Add(mount.VolumeDriver);
            }
        }
        return drivers is null ? [] : drivers.ToValueList();
    }

    private string? Missing(NodeInfo node)
    {
        var plugins = node.Node!.Description.Plugins;
        if (!IsNamed(plugins))
        {
            return null;
        }
        foreach (var driver in volumeDrivers.AsSpan())
        {
            if (!Has(plugins, driver))
            {
                return driver;
            }
        }
        return null;
    }

    /// <summary>An engine names its plugins. swarmd itself names only what its data plane does.</summary>
    private static bool IsNamed(ValueList<string> plugins)
    {
        foreach (var plugin in plugins.AsSpan())
        {
            if (plugin != DataPlaneCapabilities.IngressPorts)
            {
                return true;
            }
        }
        return false;
    }

    private static bool Has(ValueList<string> plugins, string driver)
    {
        foreach (var plugin in plugins.AsSpan())
        {
            if (plugin.StartsWith(Prefix, StringComparison.Ordinal))
            {
                // Docker: a plugin installed as name:latest may be named without its tag.
                var name = plugin.AsSpan(Prefix.Length);
                if (name.SequenceEqual(driver) || (name.StartsWith(driver) && name[driver.Length..] is ":latest"))
                {
                    return true;
                }
            }
        }
        return false;
    }
}
