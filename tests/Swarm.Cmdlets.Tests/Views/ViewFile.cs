using System.Text.RegularExpressions;
using System.Xml.Linq;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Views;

/// <summary>The module's format file.</summary>
internal static class ViewFile
{
    public static XDocument Views { get; } = XDocument.Load(Path.Combine(ModuleLayout.Folder, "Swarm.Format.ps1xml"));

    /// <summary>Names of the types that have a view.</summary>
    public static IEnumerable<string> Types => Views.Descendants("TypeName").Select(t => t.Value["Swarm.".Length..]).Distinct();

    public static Type TypeOf(string name) => typeof(Swarm.Node).Assembly.GetType("Swarm." + name, throwOnError: true)!;

    /// <summary>The view that PowerShell takes where the user names none: the first one.</summary>
    public static XElement Default(string type) => Of(type).First();

    public static IEnumerable<XElement> Of(string type) =>
        Views.Descendants("View").Where(v => v.Descendants("TypeName").Any(t => t.Value == "Swarm." + type));

    /// <summary>The view's scripts, one after another.</summary>
    public static string ScriptOf(XElement view) =>
        string.Join('\n', view.Descendants().Where(e => e.Name == "ScriptBlock" || e.Name == "PropertyName").Select(Script));

    /// <summary>Properties of the object that the script reads.</summary>
    public static IEnumerable<string> PropertiesIn(string script) =>
        Regex.Matches(script, @"\$_\.(\w+)").Select(m => m.Groups[1].Value).Distinct();

    private static string Script(XElement item) => item.Name == "PropertyName" ? $"$_.{item.Value}" : item.Value;
}
