namespace Swarm.Cmdlets.Services;

/// <summary>The options of a service that is there: what is set, and what is taken away.</summary>
public abstract partial class ServiceUpdateCmdlet : ServiceSpecCmdlet;
