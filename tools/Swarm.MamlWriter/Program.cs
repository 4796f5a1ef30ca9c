using Swarm.MamlWriter;

if (args is not [var pages, var target])
{
    Console.Error.WriteLine("Usage: Swarm.MamlWriter MARKDOWN-FOLDER OUTPUT-FOLDER");
    return 64;
}
HelpFolder.Convert(pages, target);
return 0;
