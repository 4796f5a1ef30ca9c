namespace Swarm.Core.Templates;

/// <summary>A template that cannot be read.</summary>
public sealed class TemplateSyntaxException : FormatException
{
    public TemplateSyntaxException()
        : this("The template cannot be read.", 0) { }

    public TemplateSyntaxException(string message)
        : this(message, 0) { }

    public TemplateSyntaxException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <param name="message">The error and the expected syntax, for a person, without a full stop.</param>
    /// <param name="position">Index of the error in the template, from 0.</param>
    public TemplateSyntaxException(string message, int position)
        : base(message) => Position = position;

    /// <summary>Index of the error in the template, from 0.</summary>
    public int Position { get; }
}
