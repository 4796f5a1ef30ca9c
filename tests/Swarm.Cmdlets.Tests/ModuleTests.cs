using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Loader;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class ModuleTests
{
    [Fact]
    public async ValueTask Import_connects_to_nothing()
    {
        await using var shell = await Shell.StartAsync();
        shell.Run("Get-Command -Module Swarm").ThrowIfFailed();
        Assert.Equal(0, shell.Daemon!.Connections);
        shell.Run("Get-SwarmNode").ThrowIfFailed();
        Assert.Equal(1, shell.Daemon.Connections);
    }

    [Fact]
    public async ValueTask Module_lives_in_a_context_of_its_own_and_its_types_in_the_default_one()
    {
        await using var shell = await Shell.StartAsync();
        var type = (Type)shell.Run("(Get-Command Get-SwarmService).ImplementingType").ThrowIfFailed().Output[0].BaseObject;
        var context = AssemblyLoadContext.GetLoadContext(type.Assembly)!;
        Assert.Equal("Swarm", context.Name);
        var theirs = context.LoadFromAssemblyName(new AssemblyName("Google.Protobuf"));
        Assert.StartsWith(ModuleLayout.Folder, theirs.Location, StringComparison.Ordinal);
        Assert.NotSame(typeof(Google.Protobuf.IMessage).Assembly, theirs);
        Assert.Same(typeof(Service), shell.Run("[Swarm.Service]").ThrowIfFailed().Output[0].BaseObject);
    }

    [Fact]
    public async ValueTask Import_again_keeps_the_cmdlets()
    {
        await using var shell = await Shell.StartAsync();
        var again = shell.Run("Import-Module $path -Force; Get-SwarmNode", ("path", Path.Combine(ModuleLayout.Folder, "Swarm.psd1")));
        Assert.Equal(3, again.As<Node>().Length);
    }

    [Fact]
    public async ValueTask Module_works_with_another_Protobuf_loaded_first()
    {
        await using var daemon = await FakeSwarmd.StartAsync();
        var folder = Directory.CreateTempSubdirectory("swarm-protobuf-").FullName;
        try
        {
            var other = Path.Combine(folder, "Google.Protobuf.dll");
            var name = new AssemblyName("Google.Protobuf") { Version = new Version(2, 0, 0, 0) };
            var assembly = new PersistedAssemblyBuilder(name, typeof(object).Assembly);
            assembly.DefineDynamicModule("Google.Protobuf").DefineType("Google.Protobuf.IMessage", TypeAttributes.Public).CreateType();
            assembly.Save(other);
            var lines = await Pwsh.RunScriptAsync(
                $"$a = [Reflection.Assembly]::LoadFrom('{other}'); Import-Module '{ModuleLayout.Folder}/Swarm.psd1'; $a.GetName().Version.ToString(); (Get-SwarmNode).Name -join ','; [Swarm.Service].FullName",
                variables: ("SWARM_SOCKET", daemon.Socket)
            );
            Assert.Equal(["2.0.0.0", "manager1,worker1,worker2", "Swarm.Service"], lines);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async ValueTask Objects_survive_clixml()
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web", 2);
        web.Spec.Labels.Add("tier", "front");
        web.Spec.Container.Mounts.Add(new V1.Mount { Source = "/a", Target = "/b" });
        shell
            .Fake.Tasks[0]
            .Pending.Add(
                new V1.PendingReason
                {
                    Filter = "constraints",
                    Nodes = 3,
                    Detail = "no match",
                }
            );
        foreach (var script in new[] { "Get-SwarmService web", "Get-SwarmTask web", "Get-SwarmNode manager1" })
        {
            foreach (var item in shell.Run(script).ThrowIfFailed().Output)
            {
                var back = (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(item, 2));
                foreach (var property in item.BaseObject.GetType().GetProperties())
                {
                    var before = property.GetValue(item.BaseObject);
                    var after = back.Properties[property.Name]?.Value;
                    Assert.True(before is null == after is null, property.Name);
                    if (before is string or bool or long or int or double or DateTime or TimeSpan)
                    {
                        Assert.Equal(before, after);
                    }
                }
            }
        }
        var service = (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(shell.Run("Get-SwarmService web").Output[0], 2));
        // The returned object still leads to its service.
        Assert.Equal("web", shell.Run("$s | Get-SwarmService", ("s", service)).One<Service>().Name);
        Assert.Equal("front", ((System.Collections.IDictionary)((PSObject)service.Properties["Labels"].Value).BaseObject)["tier"]);
        var mounts = (System.Collections.IEnumerable)((PSObject)service.Properties["Mounts"].Value).BaseObject;
        Assert.Equal("/b", Assert.IsType<PSObject>(Assert.Single(mounts.Cast<object>())).Properties["Target"].Value);
    }
}
