namespace Swarm.Cmdlets;

/// <content>The rule of all cmdlets that change what is there. No change at all is an error. Values that are so already are none: a script runs
/// twice.</content>
public abstract partial class SwarmCmdlet
{
    /// <summary>Refuses a call without a change, and an object of this module that was edited: only its name counts.</summary>
    /// <param name="changes">The parameters that are changes.</param>
    /// <param name="examples">Some of them, for the error.</param>
    /// <param name="present">The object as it is now; null while it is not known.</param>
    /// <exception cref="SwarmException">NothingToChange or EditedObject.</exception>
    private protected void RequireChange(IEnumerable<string> changes, string examples, object? present = null)
    {
        var isGiven = changes.Any(IsBound);
        if (Piped is { IsState: true } state)
        {
            if (present is null)
            {
                return;
            }
            if (state.EditsSince(present) is { Count: > 0 } edits)
            {
                throw new SwarmException(
                    isGiven ? "EditedObject" : "NothingToChange",
                    $"{string.Join(", ", edits)} of the object was edited. The properties of this object are no parameters, and nothing was changed.",
                    $"{present}",
                    $"Give each change as a parameter, such as {examples}."
                );
            }
        }
        if (!isGiven)
        {
            throw new SwarmException("NothingToChange", "No change was given.", $"{present}", $"Name one, such as {examples}.");
        }
    }

    /// <summary>Says with -Verbose that everything is as it is wanted.</summary>
    private protected void TellUnchanged(string what) => WriteVerbose($"{what} is so already. Nothing was changed.");
}
