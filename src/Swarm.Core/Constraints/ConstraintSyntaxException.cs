namespace Swarm.Core.Constraints;

/// <summary>A placement expression that cannot be read.</summary>
public sealed class ConstraintSyntaxException : FormatException
{
    public ConstraintSyntaxException()
        : this("The constraint cannot be read.", "", 0) { }

    public ConstraintSyntaxException(string message)
        : this(message, "", 0) { }

    public ConstraintSyntaxException(string message, Exception innerException)
        : base(message, innerException) => Expression = "";

    /// <param name="message">The error and the expected syntax, for a person.</param>
    /// <param name="expression">The whole expression as it was given.</param>
    /// <param name="position">Column of the error in <paramref name="expression"/>, from 0; its length when something is missing at the end.</param>
    public ConstraintSyntaxException(string message, string expression, int position)
        : base(message)
    {
        Expression = expression;
        Position = position;
    }

    /// <summary>The whole expression as it was given.</summary>
    public string Expression { get; }

    /// <summary>Index of the error, from 0 (the message counts columns from 1); the length of <see cref="Expression"/> when something is missing at its end.</summary>
    public int Position { get; }
}
