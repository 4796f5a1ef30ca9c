using System.Text;
using System.Xml;

namespace Swarm.MamlWriter;

/// <summary>The help of cmdlets as MAML, which Get-Help reads.</summary>
/// <remarks>
/// PlatyPS's <c>Import-MarkdownCommandHelp | Export-MamlCommandHelp</c> says the same of the same pages; a test compares them where PlatyPS is installed.
/// </remarks>
internal static class MamlFile
{
    private const string Maml = "http://schemas.microsoft.com/maml/2004/10";
    private const string Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private const string Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    /// <summary>Stands for the cmdlet's name in the address of online help.</summary>
    public const string CmdletMark = "{cmdlet}";

    /// <summary>Writes the help of several cmdlets into a single file.</summary>
    /// <param name="online">The address of online help, in which <see cref="CmdletMark"/> stands for the cmdlet's name. Null when there is none:
    /// the help then names itself, and <c>Get-Help -Online</c> shows that in its error.</param>
    public static void Write(string path, IReadOnlyList<CommandHelp> commands, string? online = null)
    {
        using var xml = XmlWriter.Create(path, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false) });
        xml.WriteStartElement("helpItems");
        xml.WriteAttributeString("schema", "maml");
        foreach (var command in commands)
        {
            xml.WriteStartElement("command", "command", Command);
            xml.WriteAttributeString("xmlns", "maml", null, Maml);
            xml.WriteAttributeString("xmlns", "dev", null, Dev);
            xml.WriteStartElement("details", Command);
            xml.WriteElementString("name", Command, command.Name);
            var dash = command.Name.IndexOf('-', StringComparison.Ordinal);
            xml.WriteElementString("verb", Command, command.Name[..dash]);
            xml.WriteElementString("noun", Command, command.Name[(dash + 1)..]);
            Paragraphs(xml, "description", [command.Synopsis]);
            xml.WriteEndElement();
            Paragraphs(xml, "description", command.Description);
            xml.WriteStartElement("syntax", Command);
            foreach (var set in command.ParameterSets)
            {
                xml.WriteStartElement("syntaxItem", Command);
                xml.WriteElementString("name", Maml, command.Name);
                foreach (var (parameter, place) in set.Sort(command.Parameters))
                {
                    Parameter(xml, parameter, place);
                }
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
            xml.WriteStartElement("parameters", Command);
            foreach (var parameter in command.Parameters)
            {
                Parameter(xml, parameter, parameter.Sets[0]);
            }
            xml.WriteEndElement();
            Types(xml, "inputTypes", "inputType", command.Inputs);
            Types(xml, "returnValues", "returnValue", command.Outputs);
            xml.WriteStartElement("alertSet", Maml);
            xml.WriteStartElement("alert", Maml);
            foreach (var note in command.Notes)
            {
                xml.WriteElementString("para", Maml, note);
            }
            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteStartElement("examples", Command);
            foreach (var example in command.Examples)
            {
                xml.WriteStartElement("example", Command);
                xml.WriteElementString("title", Maml, $"-------------------------- {example.Title} --------------------------");
                xml.WriteElementString("code", Dev, example.Code);
                xml.WriteStartElement("remarks", Dev);
                foreach (var paragraph in example.Remarks)
                {
                    xml.WriteElementString("para", Maml, paragraph);
                }
                xml.WriteEndElement();
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
            xml.WriteStartElement("relatedLinks", Command);
            // The first address is the one that Get-Help -Online opens.
            Link(
                xml,
                online is null ? "" : "Online help:",
                online?.Replace(CmdletMark, command.Name, StringComparison.Ordinal) ?? LocalHelp(command)
            );
            foreach (var (text, address) in command.Links)
            {
                // Pages lead to each other by file names; who reads help has the names of cmdlets.
                Link(xml, text, Uri.IsWellFormedUriString(address, UriKind.Absolute) ? address : "");
            }
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
    }

    /// <summary>No address: Get-Help refuses its scheme and shows the whole of it. PowerShell and Uri take U+00A0 for a blank that need not be escaped.</summary>
    private static string LocalHelp(CommandHelp command) => $"local-help:Get-Help\u00A0{command.Name}\u00A0-Full";

    private static void Link(XmlWriter xml, string text, string address)
    {
        xml.WriteStartElement("navigationLink", Maml);
        xml.WriteElementString("linkText", Maml, text);
        xml.WriteElementString("uri", Maml, address);
        xml.WriteEndElement();
    }

    private static void Parameter(XmlWriter xml, ParameterHelp parameter, ParameterPlace place)
    {
        var pipeline = (place.FromPipeline, place.FromPipelineByName) switch
        {
            (true, true) => "True (ByPropertyName, ByValue)",
            (true, false) => "True (ByValue)",
            (false, true) => "True (ByPropertyName)",
            _ => "False",
        };
        xml.WriteStartElement("parameter", Command);
        xml.WriteAttributeString("required", place.Required ? "true" : "false");
        xml.WriteAttributeString("variableLength", "true");
        xml.WriteAttributeString("globbing", parameter.Wildcards ? "true" : "false");
        xml.WriteAttributeString("pipelineInput", pipeline);
        xml.WriteAttributeString("position", place.Position.ToLowerInvariant());
        xml.WriteAttributeString("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases));
        xml.WriteElementString("name", Maml, parameter.Name);
        Paragraphs(xml, "description", parameter.Description);
        if (parameter.Values.Count > 0)
        {
            xml.WriteStartElement("parameterValueGroup", Command);
            foreach (var value in parameter.Values)
            {
                xml.WriteStartElement("parameterValue", Command);
                xml.WriteAttributeString("required", "false");
                xml.WriteAttributeString("variableLength", "false");
                xml.WriteString(value);
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
        }
        var isSwitch = parameter.Type.EndsWith("SwitchParameter", StringComparison.Ordinal);
        if (!isSwitch)
        {
            xml.WriteStartElement("parameterValue", Command);
            xml.WriteAttributeString("required", "true");
            xml.WriteAttributeString("variableLength", "false");
            xml.WriteString(parameter.Type);
            xml.WriteEndElement();
        }
        xml.WriteStartElement("type", Dev);
        xml.WriteElementString("name", Maml, parameter.Type);
        xml.WriteEndElement();
        xml.WriteElementString(
            "defaultValue",
            Dev,
            parameter.Default.Length > 0 ? parameter.Default
                : isSwitch ? "False"
                : "None"
        );
        xml.WriteEndElement();
    }

    private static void Types(XmlWriter xml, string group, string item, IReadOnlyList<(string Name, string Text)> types)
    {
        xml.WriteStartElement(group, Command);
        foreach (var (name, text) in types)
        {
            xml.WriteStartElement(item, Command);
            xml.WriteStartElement("type", Dev);
            xml.WriteElementString("name", Maml, name);
            xml.WriteEndElement();
            Paragraphs(xml, "description", [text]);
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
    }

    private static void Paragraphs(XmlWriter xml, string element, IReadOnlyList<string> paragraphs)
    {
        xml.WriteStartElement(element, Maml);
        foreach (var paragraph in paragraphs)
        {
            xml.WriteElementString("para", Maml, paragraph);
        }
        xml.WriteEndElement();
    }
}
