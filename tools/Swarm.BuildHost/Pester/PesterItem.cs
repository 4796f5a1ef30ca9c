using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace Swarm.BuildHost.Pester;

/// <summary>A Describe, Context or It with its data and its place in the file. Public members are called from Runner.ps1.</summary>
public abstract partial class PesterItem(string name, PesterBlock? parent, object? data, bool hasData)
{
    public string Name { get; private set; } = name;

    public PesterBlock? Parent { get; } = parent;

    public object? Data { get; } = data;

    public bool HasData { get; } = hasData;

    public abstract bool IsTest { get; }

    /// <summary>The names from the file down, as Pester prints them.</summary>
    public string Path => Parent is { Parent: not null } ? Parent.Path + "." + Name : Name;

    /// <summary>Puts data into <c>&lt;name&gt;</c> and <c>&lt;name.property&gt;</c>, with the variables that the block or test sees.</summary>
    public void ExpandName(CommandInvocationIntrinsics invoke) =>
        Name = Template().Replace(Name, match => Text(invoke.InvokeScript(false, ScriptBlock.Create("$" + match.Groups[1].Value), null)));

    private static string Text(IEnumerable values) =>
        string.Join(
            ", ",
            values
                .Cast<object?>()
                .Select(v =>
                    Convert.ToString(v is PSObject p ? p.BaseObject : v, CultureInfo.InvariantCulture) is { Length: > 0 } s ? s : "$null"
                )
        );

    [GeneratedRegex("<([A-Za-z_][A-Za-z0-9_]*(?:\\.[A-Za-z0-9_.]+)?)>")]
    private static partial Regex Template();
}
