using Swarm.MamlWriter;

switch (args)
{
    case [var pages, var target]:
        HelpFolder.Convert(pages, target);
        return 0;
    case [var pages, var target, var online]:
        HelpFolder.Convert(pages, target, online);
        return 0;
    default:
        Console.Error.WriteLine(
            $"Usage: Swarm.MamlWriter MARKDOWN-FOLDER OUTPUT-FOLDER [ADDRESS-OF-ONLINE-HELP with {MamlFile.CmdletMark}]"
        );
        return 64;
}
