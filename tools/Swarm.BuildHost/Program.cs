using Swarm.BuildHost.Help;
using Swarm.BuildHost.Hosting;
using Swarm.BuildHost.Pester;

// swarm-host -File SCRIPT [ARG...] | -Interactive [SCRIPT [ARG...]] | pester PATH... | help MARKDOWN-FOLDER OUTPUT-FOLDER
switch (args)
{
    case ["-File", var script, .. var rest]:
        return ScriptRunner.Run(script, rest, interactive: false);
    case ["-Interactive", var script, .. var rest]:
        return ScriptRunner.Run(script, rest, interactive: true);
    case ["pester", .. { Length: > 0 } paths]:
        return PesterRunner.Run(paths, Console.Out);
    case ["help", var source, var target]:
        MamlWriter.ConvertFolder(source, target);
        return 0;
    default:
        Console.Error.WriteLine(
            "Usage: swarm-host -File SCRIPT [ARG...] | -Interactive SCRIPT [ARG...] | pester PATH... | help MARKDOWN-FOLDER OUTPUT-FOLDER"
        );
        return 64;
}
