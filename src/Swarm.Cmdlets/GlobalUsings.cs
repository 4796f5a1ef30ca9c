global using System.Management.Automation;
global using AsyncTask = System.Threading.Tasks.Task;
global using V1 = Swarm.Protocol.V1;
