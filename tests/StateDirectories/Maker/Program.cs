using Swarm.StateDirectories;

// Drives a native swarmd through the histories that README.md lists, and packs the state directories.
// make.sh starts it, in namespaces of its own.
var number = 0;
foreach (var autolock in (bool[])[false, true])
{
    foreach (var log in (string[])["empty", "small", "compacted"])
    {
        var name = $"{(autolock ? "autolocked" : "plain")}-{log}";
        using var swarm = new SwarmMaker(Path.Combine(args[0], name), ++number, autolock, log);
        await swarm.RunAsync();
        Console.WriteLine($"{name} is made.");
    }
}
