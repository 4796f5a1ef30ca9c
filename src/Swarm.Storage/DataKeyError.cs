namespace Swarm.Storage;

/// <summary>The reason why a data key cannot be used.</summary>
public enum DataKeyError
{
    /// <summary>The key file is missing or damaged.</summary>
    Damaged,

    /// <summary>A newer swarmd wrote the key file.</summary>
    UnknownFormat,

    /// <summary>The key is encrypted and has not been unlocked.</summary>
    Locked,

    /// <summary>The unlock key is wrong, or the text is no unlock key.</summary>
    WrongKey,
}
