using System.Reflection;
using System.Reflection.Emit;
using System.Text.Json;
using Google.Protobuf;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Parameters;

/// <summary>Cmdlets that ask before they change something, and -Force, which answers.</summary>
public sealed class ConfirmationTests : IDisposable
{
    /// <summary>A command for each cmdlet that asks.</summary>
    private static readonly Dictionary<string, string> Commands = new()
    {
        ["Exit-Swarm"] = "Exit-Swarm",
        ["Remove-SwarmFirewallRule"] = "Remove-SwarmFirewallRule worker1",
        ["Remove-SwarmNetwork"] = "Remove-SwarmNetwork mynet",
        ["Remove-SwarmNode"] = "Remove-SwarmNode worker2",
        ["Remove-SwarmService"] = "Remove-SwarmService web",
        ["Reset-SwarmJoinToken"] = "Reset-SwarmJoinToken Worker",
        ["Reset-SwarmUnlockKey"] = "Reset-SwarmUnlockKey",
        ["Revoke-SwarmCredential"] = "Revoke-SwarmCredential alice",
        ["Set-SwarmNode"] = "Set-SwarmNode manager1 -Role Worker",
        ["Stop-SwarmSandbox"] = "Stop-SwarmSandbox box",
        ["Stop-SwarmTask"] = "Stop-SwarmTask web.1",
    };

    /// <summary>Cmdlets that ask, and that change the machine of the test.</summary>
    private static readonly string[] OfThisMachine = ["Uninstall-SwarmDaemon", "Uninstall-SwarmEngine"];

    private readonly string _home = Directory.CreateTempSubdirectory("swarm-asked-").FullName;

    public ConfirmationTests() => Environment.SetEnvironmentVariable("SWARM_SANDBOX_HOME", Path.Combine(_home, "index"));

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("SWARM_SANDBOX_HOME", null);
        Directory.Delete(_home, recursive: true);
    }

    private static IEnumerable<string> Asking => ConventionTests.Cmdlets.Where(c => Asks(c.Value)).Select(c => c.Key);

    public static TheoryData<string> Tried => [.. Commands.Keys];

    [Fact]
    public void Every_cmdlet_that_asks_takes_Force_and_is_tried_here()
    {
        Assert.All(Asking, name => Assert.Equal(typeof(SwitchParameter), ConventionTests.Cmdlets[name].GetProperty("Force")?.PropertyType));
        Assert.Equal(Asking.Order(StringComparer.Ordinal), Commands.Keys.Concat(OfThisMachine).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Tried))]
    public async ValueTask Force_answers_the_question_unless_the_user_wants_it_and_is_no_consent_to_a_preview(string name)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.Networks.Add(new V1.Network { Id = "mynetid", Name = "mynet" });
        var box = Path.Combine(_home, "index", "box.json");
        Directory.CreateDirectory(Path.GetDirectoryName(box)!);
        await File.WriteAllTextAsync(box, JsonSerializer.Serialize(new Sandbox { Name = "box", Path = Path.Combine(_home, "box") }));
        Directory.CreateDirectory(Path.Combine(_home, "box"));
        var command = "$ConfirmPreference = 'Low'; " + Commands[name];
        foreach (var asked in new[] { command, command + " -Force -Confirm" })
        {
            Assert.Contains("Prompted", shell.Run(asked).Error.ToString(), StringComparison.Ordinal);
            Assert.Empty(Changes());
        }
        AssertNotAsked(shell.Run(command + " -Force -WhatIf"));
        Assert.Empty(Changes());
        AssertNotAsked(shell.Run(command + " -Force"));
        Assert.Single(Changes());

        string[] Changes() =>
            name == "Stop-SwarmSandbox"
                ? File.Exists(box)
                    ? []
                    : ["gone"]
                : [.. shell.Fake.All<IMessage>().Where(IsChange).Select(r => r.Descriptor.Name)];
    }

    /// <summary>The manager may refuse the change, such as the demotion of the last manager.</summary>
    private static void AssertNotAsked(Result result) =>
        Assert.All(result.Errors.Append(result.Terminating), e => Assert.DoesNotContain("Prompted", $"{e}", StringComparison.Ordinal));

    private static bool IsChange(IMessage request) =>
        request is V1.RunHostCommandRequest onHost
            ? onHost.Command.Firewall is { DryRun: false }
            : request.Descriptor.FindFieldByName("request_id") is not null
                && request.Descriptor.FindFieldByName("dry_run")?.Accessor.GetValue(request) is not true;

    private static bool Asks(Type cmdlet) =>
        cmdlet.GetCustomAttribute<CmdletAttribute>() is { ConfirmImpact: ConfirmImpact.High } or { VerbName: VerbsLifecycle.Stop }
        || Code(cmdlet).Any(m => Calls(m, nameof(AsyncCmdlet.ShouldContinue)));

    /// <summary>The methods of a cmdlet and of its bases, and what the compiler made of them.</summary>
    private static IEnumerable<MethodBase> Code(Type cmdlet)
    {
        const BindingFlags Own =
            BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        for (var type = cmdlet; type != typeof(AsyncCmdlet) && type is not null; type = type.BaseType)
        {
            foreach (var method in WithNested(type).SelectMany(static t => t.GetMethods(Own)))
            {
                yield return method;
            }
        }

        static IEnumerable<Type> WithNested(Type type) => type.GetNestedTypes(Own).SelectMany(WithNested).Prepend(type);
    }

    private static bool Calls(MethodBase method, string name)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var i = 0; i + 4 < code.Length; i++)
        {
            if (code[i] != OpCodes.Call.Value && code[i] != OpCodes.Callvirt.Value)
            {
                continue;
            }
            try
            {
                var called = method.Module.ResolveMethod(
                    BitConverter.ToInt32(code, i + 1),
                    method.DeclaringType!.GetGenericArguments(),
                    null
                );
                if (called?.Name == name)
                {
                    return true;
                }
            }
            catch (Exception e) when (e is ArgumentException or BadImageFormatException)
            {
                // The byte was a part of something else.
            }
        }
        return false;
    }
}
