using System.Net;
using System.Security;

namespace Swarm.Cmdlets.Parameters;

/// <summary>A secret: a SecureString, or its text. PowerShell's logs of bound parameters show no SecureString.</summary>
internal sealed class SecretAttribute : TransformAttribute
{
    protected override object? Convert(object? value, object? original)
    {
        if (value is SecureString)
        {
            return value;
        }
        var text = Text(value);
        // The text comes from the pipeline too: an object of the module gives it with its property.
        return new NetworkCredential("", text).SecurePassword;
    }

    protected override object? Empty(object? value) => value is null ? null : throw new FormatException("The secret is empty.");

    /// <summary>The text, for the call to swarmd.</summary>
    public static string Reveal(SecureString secret) => new NetworkCredential("", secret).Password;
}
