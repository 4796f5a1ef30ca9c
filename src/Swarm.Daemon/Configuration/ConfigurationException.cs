namespace Swarm.Daemon.Configuration;

/// <summary>swarmd was told something it cannot do; the message says what, where it was said and what to write instead.</summary>
public sealed class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
