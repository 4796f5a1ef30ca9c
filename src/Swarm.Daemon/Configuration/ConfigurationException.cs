namespace Swarm.Daemon.Configuration;

/// <summary>A setting that swarmd cannot use. The message names the value, its source and valid values.</summary>
public sealed class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
