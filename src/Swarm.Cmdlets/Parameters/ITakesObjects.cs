namespace Swarm.Cmdlets.Parameters;

/// <summary>A cmdlet whose options come from the properties of objects too.</summary>
internal interface ITakesObjects
{
    /// <summary>The object from the pipeline; null without one.</summary>
    PSObject? InputObject { get; }

    /// <summary>The output type of this module whose properties are options: a service is copied. The properties of other objects of the module are
    /// their state, and no wish. Empty: of all of them.</summary>
    string OwnType => "";
}
