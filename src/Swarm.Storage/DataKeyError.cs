namespace Swarm.Storage;

/// <summary>Why a data key cannot be used.</summary>
public enum DataKeyError
{
    /// <summary>The key file is missing or damaged.</summary>
    Damaged,

    /// <summary>A newer swarmd wrote the key file.</summary>
    UnknownFormat,

    /// <summary>The key is wrapped and has not been unlocked.</summary>
    Locked,

    /// <summary>The unlock key is not the right one, or none at all.</summary>
    WrongKey,
}
