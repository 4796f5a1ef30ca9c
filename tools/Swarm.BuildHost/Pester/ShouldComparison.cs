using System.Collections;
using System.Management.Automation;

namespace Swarm.BuildHost.Pester;

/// <summary>When Pester calls two values the same.</summary>
internal static class ShouldComparison
{
    /// <summary>Arrays element by element; else PowerShell's -eq (or -ceq) with the expected value's type leading, as in Pester.</summary>
    public static bool Same(object? actual, object? expected, bool exactly)
    {
        if (List(expected) is { } wanted && (List(actual) is not null || wanted.Count != 1))
        {
            // Pester: nothing, and $null alone, are an empty list.
            var got = List(actual) ?? (actual is null ? [] : [actual]);
            return got.Count == wanted.Count && got.Zip(wanted).All(pair => Same(pair.First, pair.Second, exactly));
        }
        if (List(actual) is { } many)
        {
            // Pester: 1 | Should -Be 1 with a one-element array on the left.
            return many.Count == 1 && Same(many[0], List(expected) is [var only] ? only : expected, exactly);
        }
        return LanguagePrimitives.Equals(Unwrap(List(expected) is [var one] ? one : expected), Unwrap(actual), ignoreCase: !exactly);
    }

    public static bool IsNullOrEmpty(object? value) =>
        Unwrap(value) switch
        {
            null => true,
            string s => s.Length == 0,
            IDictionary d => d.Count == 0,
            IEnumerable e => e.Cast<object?>().Take(2).ToList() is [] or [null] or [""],
            _ => false,
        };

    private static object? Unwrap(object? value) => value is PSObject { BaseObject: not PSCustomObject } p ? p.BaseObject : value;

    private static List<object?>? List(object? value) =>
        Unwrap(value) is IEnumerable e and not (string or IDictionary) ? [.. e.Cast<object?>()] : null;
}
