global using System.Management.Automation;
global using AsyncTask = System.Threading.Tasks.Task;
global using V1 = Swarm.Protocol.V1;

// Sessions and $env:SWARM_SOCKET belong to the process.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
