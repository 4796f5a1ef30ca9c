namespace Swarm.Core.Constraints;

/// <summary>How a constraint compares.</summary>
public enum ConstraintOperator : byte
{
    /// <summary><c>==</c></summary>
    Equal = 0,

    /// <summary><c>!=</c></summary>
    NotEqual = 1,
}
