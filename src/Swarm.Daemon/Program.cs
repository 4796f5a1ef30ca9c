using Swarm.Daemon.Hosting;

return await SwarmdProgram.RunAsync(args);
