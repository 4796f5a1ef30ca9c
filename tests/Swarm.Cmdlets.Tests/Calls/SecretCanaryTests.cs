using System.Reflection;
using System.Security;
using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;
using Swarm.Cmdlets.Sessions;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Calls;

/// <summary>A secret is in no stream, whatever a command is asked to tell.</summary>
public sealed partial class SecretCanaryTests
{
    private const string Canary = "Canary0Value1";

    /// <summary>Each parameter that takes a secret, with a command; <c>$secret</c> is the canary, <c>$credential</c> has it as user and password.</summary>
    private static readonly Dictionary<string, string> Commands = new(StringComparer.Ordinal)
    {
        ["Join-Swarm -Token"] = "Join-Swarm -Token $secret -RemoteAddress 127.0.0.11",
        ["Unlock-Swarm -Key"] = "Unlock-Swarm -Key $secret",
        ["New-SwarmService -Env"] = "New-SwarmService made nginx -Env \"A=$secret\", \"B=x$secret\"",
        ["New-SwarmService -RegistryCredential"] = "New-SwarmService made nginx -RegistryCredential $credential",
        ["Set-SwarmService -Env"] = "Set-SwarmService web -Env \"A=$secret\"",
        ["Test-SwarmPlacement -Env"] = "Test-SwarmPlacement -Image nginx -Env \"A=$secret\"",
        ["Test-SwarmPlacement -RegistryCredential"] = "Test-SwarmPlacement -Image nginx -RegistryCredential $credential",
        ["Set-SwarmService -RegistryCredential"] = "Set-SwarmService web -Image web:2 -RegistryCredential $credential",
    };

    public static TheoryData<string> Parameters => [.. Commands.Keys];

    [Fact]
    public void Every_parameter_that_takes_a_secret_is_tried()
    {
        var found =
            from type in typeof(SwarmCmdlet).Assembly.GetTypes()
            let cmdlet = type.GetCustomAttribute<CmdletAttribute>()
            where cmdlet is not null
            from property in type.GetProperties()
            where
                Attribute.IsDefined(property, typeof(ParameterAttribute))
                && (
                    Attribute.IsDefined(property, typeof(SecretAttribute))
                    || property.PropertyType == typeof(SecureString)
                    || property.PropertyType == typeof(PSCredential)
                    || property.GetCustomAttribute<SpecFieldAttribute>() is { Use: not SpecFieldUse.Remove } field
                        && MaskedRequest.IsMasked(new SpecField(field.Path).Descriptor)
                )
            select $"{cmdlet.VerbName}-{cmdlet.NounName} -{property.Name}";
        Assert.Equal(found.Order(StringComparer.Ordinal), Commands.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Parameters))]
    public async ValueTask A_secret_is_in_no_stream(string parameter)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web").Spec.Container.Env.Add("A=" + Canary + "Before");
        var transcript = Path.Combine(Path.GetTempPath(), $"swarm-transcript-{Guid.NewGuid():n}.txt");
        var setup = """
            Import-Module Microsoft.PowerShell.Host -ErrorAction Ignore
            $credential = [pscredential]::new($secret, (ConvertTo-SecureString $secret -AsPlainText -Force))
            """;
        try
        {
            // A cmdlet that changes nothing has no -WhatIf.
            string[] ways = Commands[parameter].StartsWith("Test-", StringComparison.Ordinal) ? [""] : ["", " -WhatIf"];
            foreach (var more in ways.Append(" -ErrorAction Continue"))
            {
                // The last one is refused by a manager.
                shell.Fake.Refusal = more.Contains("ErrorAction", StringComparison.Ordinal)
                    ? FakeControl.Refuse(StatusCode.InvalidArgument, "InvalidArgument", "No.", "x", "Look.")
                    : null;
                var said = shell.Run(
                    $"{setup}; $null = Start-Transcript -Path $transcript -Append; try {{ {Commands[parameter]}{more} -Verbose -Debug | Out-Null }} finally {{ $null = Stop-Transcript }}",
                    ("secret", Canary),
                    ("transcript", transcript)
                );
                string[] streams =
                [
                    .. said.Verbose,
                    .. said.Debug,
                    .. said.Warnings,
                    .. said.Errors.Select(e => $"{e} {e.Exception} {e.TargetObject} {e.CategoryInfo} {e.FullyQualifiedErrorId}"),
                    .. said.Information.Select(i => $"{i.MessageData}"),
                    .. said.Progress.Select(p => $"{p.Activity} {p.StatusDescription} {p.CurrentOperation}"),
                    $"{said.Terminating}",
                    shell.Screen,
                ];
                Assert.All(streams, text => Assert.DoesNotContain(Canary, text, StringComparison.OrdinalIgnoreCase));
                // A preview may need no call; any other is told, and its request shown.
                if (!more.Contains("WhatIf", StringComparison.Ordinal))
                {
                    Assert.Contains(said.Debug, text => text.Contains(": ", StringComparison.Ordinal));
                }
            }
            var recorded = await File.ReadAllTextAsync(transcript, TestContext.Current.CancellationToken);
            Assert.DoesNotContain(Canary, recorded, StringComparison.OrdinalIgnoreCase);
            Assert.Contains(" took ", recorded, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(transcript);
        }
    }

    /// <summary>Names tell what a field holds. A field of such a name is masked, or is no secret for a reason.</summary>
    [Fact]
    public void Every_field_of_the_protocol_with_a_secrets_name_is_masked()
    {
        string[] harmless = [];
        var types = typeof(V1.Node)
            .Assembly.GetTypes()
            .Where(t => typeof(Google.Protobuf.IMessage).IsAssignableFrom(t))
            .Select(t => (MessageDescriptor)t.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!);
        var open = types
            .SelectMany(t => t.Fields.InDeclarationOrder())
            .Where(f => f.FieldType is FieldType.String or FieldType.Bytes && SecretName().IsMatch(f.Name) && !MaskedRequest.IsMasked(f))
            .Select(f => f.FullName);
        Assert.Equal(harmless, open);
    }

    [Fact]
    public void A_masked_request_has_no_value_of_a_masked_field_at_any_depth()
    {
        var text = MaskedRequest.Text(
            new V1.CreateServiceRequest
            {
                RequestId = "r1",
                Spec = new V1.ServiceSpec
                {
                    Name = "web",
                    Container = new V1.ContainerSpec { Env = { "A=" + Canary, Canary } },
                    Labels = { ["a"] = "\"1\"" },
                },
                RegistryCredential = new V1.RegistryCredential
                {
                    ServerAddress = "registry.example.com",
                    Username = Canary,
                    Password = Canary,
                },
            }
        );
        Assert.Equal(
            """
            { "requestId": "r1", "spec": { "name": "web", "labels": { "a": "\"1\"" }, "container": { "env": ["A=***", "***"] } }, "registryCredential": { "serverAddress": "registry.example.com", "username": "***", "password": "***" } }
            """,
            text
        );
    }

    [GeneratedRegex("(password|token|secret|credential|unlock_key|private_key|(^|_)key$|(^|_)env$)", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}
