using Swarm.MamlWriter;

// help: what Get-Help reads. pages: the cmdlets' pages as PlatyPS reads them.
switch (args)
{
    case ["help", var pages, var target]:
        HelpFolder.Convert(pages, target);
        return 0;
    case ["pages", var pages, var target]:
        HelpFolder.WritePages(pages, target);
        return 0;
    default:
        Console.Error.WriteLine("Usage: Swarm.MamlWriter help|pages MARKDOWN-FOLDER OUTPUT-FOLDER");
        return 64;
}
