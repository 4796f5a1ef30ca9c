using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.DockerSwarm.Specs;

namespace Swarm.Daemon.Tests.DockerSwarm;

public sealed class DockerServiceSpecTests
{
    /// <summary>A spec as the docker CLI leaves it, with many options that our model does not have.</summary>
    private const string Foreign = """
        {
          "Name": "web", "Labels": { "com.docker.stack.namespace": "shop" },
          "TaskTemplate": {
            "ContainerSpec": {
              "Image": "alpine:latest", "Args": ["sleep", "1000"], "Init": false, "Isolation": "default", "OpenStdin": true,
              "Mounts": [
                { "Type": "bind", "Source": "/tmp", "Target": "/x", "BindOptions": { "Propagation": "rslave" } },
                { "Type": "volume", "Source": "v", "Target": "/y", "VolumeOptions": { "NoCopy": true, "DriverConfig": { "Name": "nfs", "Options": { "o": "soft" } } } }
              ],
              "Hosts": ["1.2.3.4 a"], "DNSConfig": { "Nameservers": ["1.1.1.1"], "Options": ["ndots:2"] },
              "Privileges": { "SELinuxContext": { "Disable": true } }, "Sysctls": { "net.core.somaxconn": "1024" },
              "Ulimits": [{ "Name": "nofile", "Soft": 10, "Hard": 20 }],
              "Secrets": [{ "File": { "Name": "s", "UID": "0", "GID": "0", "Mode": 292 }, "SecretID": "i", "SecretName": "s" }]
            },
            "Resources": { "Limits": {}, "Reservations": { "NanoCPUs": 100000000, "GenericResources": [{ "DiscreteResourceSpec": { "Kind": "gpu", "Value": 1 } }] } },
            "Placement": { "Platforms": [{ "Architecture": "amd64", "OS": "linux" }] },
            "LogDriver": { "Name": "json-file", "Options": { "max-size": "1m" } },
            "Networks": [{ "Target": "twmn", "Aliases": ["w"] }], "ForceUpdate": 0, "Runtime": "container"
          },
          "Mode": { "Replicated": { "Replicas": 2 } },
          "UpdateConfig": { "Parallelism": 2, "FailureAction": "pause", "Monitor": 5000000000, "MaxFailureRatio": 0, "Order": "stop-first" },
          "EndpointSpec": { "Mode": "vip", "Ports": [{ "Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress" }] }
        }
        """;

    /// <summary>The spec as in the engine's answer: written as text and read again.</summary>
    private static JsonObject Reread(JsonNode node) => (JsonObject)JsonNode.Parse(node.ToJsonString())!;

    [Fact]
    public void Every_option_is_read_as_it_was_written() =>
        Assert.Equal(EveryOption.Spec, DockerServiceSpec.Read(Reread(DockerServiceSpec.New(EveryOption.Spec))));

    [Fact]
    public void A_global_service_is_read_as_it_was_written()
    {
        var spec = EveryOption.Spec with { Mode = new ServiceMode.Global() };
        Assert.Equal(spec, DockerServiceSpec.Read(Reread(DockerServiceSpec.New(spec))));
    }

    [Fact]
    public void A_new_service_says_only_what_differs_from_Dockers_defaults()
    {
        var spec = new ServiceSpec
        {
            Name = "a",
            Container = new ContainerSpec { Image = "alpine" },
            Mode = new ServiceMode.Replicated(1),
        };
        Assert.Equal(
            """{"Name":"a","TaskTemplate":{"ContainerSpec":{"Image":"alpine"}},"Mode":{"Replicated":{"Replicas":1}}}""",
            DockerServiceSpec.New(spec).ToJsonString()
        );
    }

    [Fact]
    public void No_change_leaves_every_letter()
    {
        var raw = Reread(JsonNode.Parse(Foreign)!);
        var before = raw.ToJsonString();
        var spec = DockerServiceSpec.Read(raw);
        DockerServiceSpec.Change(raw, spec, spec);
        Assert.Equal(before, raw.ToJsonString());
    }

    [Fact]
    public void A_change_touches_its_own_properties_and_nothing_else()
    {
        var raw = Reread(JsonNode.Parse(Foreign)!);
        var spec = DockerServiceSpec.Read(raw);
        var after = spec with
        {
            Container = spec.Container with { Image = "alpine:3.18", Env = ["A=1"] },
            Resources = spec.Resources with { Limits = new ResourceAmount(0, 64 << 20) },
            Mode = new ServiceMode.Replicated(5),
            Update = spec.Update with { Parallelism = 1 },
        };
        DockerServiceSpec.Change(raw, spec, after);

        var expected = Reread(JsonNode.Parse(Foreign)!);
        var container = expected["TaskTemplate"]!["ContainerSpec"]!;
        container["Image"] = "alpine:3.18";
        container["Env"] = new JsonArray("A=1");
        expected["TaskTemplate"]!["Resources"]!["Limits"]!["MemoryBytes"] = 64L << 20;
        expected["Mode"]!["Replicated"]!["Replicas"] = 5;
        expected["UpdateConfig"]!["Parallelism"] = 1;
        Assert.True(JsonNode.DeepEquals(expected, Reread(raw)), raw.ToJsonString());
    }

    [Fact]
    public void What_an_image_is_made_for_is_read_and_written()
    {
        var raw = Reread(JsonNode.Parse(Foreign)!);
        var spec = DockerServiceSpec.Read(raw);
        Assert.Equal(["linux/amd64"], spec.Placement.Platforms);
        var after = spec with { Placement = spec.Placement with { Platforms = ["linux", "linux/arm64"] } };
        DockerServiceSpec.Change(raw, spec, after);
        Assert.Equal(
            """[{"OS":"linux"},{"OS":"linux","Architecture":"arm64"}]""",
            raw["TaskTemplate"]!["Placement"]!["Platforms"]!.ToJsonString()
        );
        Assert.Equal(after, DockerServiceSpec.Read(Reread(raw)));
        DockerServiceSpec.Change(raw, after, after with { Placement = after.Placement with { Platforms = [] } });
        Assert.Equal("{}", raw["TaskTemplate"]!["Placement"]!.ToJsonString());
    }

    [Fact]
    public void A_mount_that_stays_keeps_what_only_Docker_knows_of_it()
    {
        var raw = Reread(JsonNode.Parse(Foreign)!);
        var spec = DockerServiceSpec.Read(raw);
        var added = new Mount { Type = MountType.Tmpfs, Target = "/t" };
        var writable = spec.Container.Mounts[0] with { ReadOnly = true };
        var after = spec with { Container = spec.Container with { Mounts = [spec.Container.Mounts[1], added, writable] } };
        DockerServiceSpec.Change(raw, spec, after);

        var mounts = raw["TaskTemplate"]!["ContainerSpec"]!["Mounts"]!.AsArray();
        var original = JsonNode.Parse(Foreign)!["TaskTemplate"]!["ContainerSpec"]!["Mounts"]!.AsArray();
        Assert.True(JsonNode.DeepEquals(original[1], mounts[0]));
        Assert.Equal("""{"Type":"tmpfs","Target":"/t"}""", mounts[1]!.ToJsonString());
        Assert.Equal("rslave", mounts[2]!["BindOptions"]!["Propagation"]!.GetValue<string>());
        Assert.True(mounts[2]!["ReadOnly"]!.GetValue<bool>());
    }

    [Fact]
    public void Networks_and_ports_that_stay_keep_what_only_Docker_knows_of_them()
    {
        var raw = Reread(JsonNode.Parse(Foreign)!);
        var spec = DockerServiceSpec.Read(raw);
        var udp = new PublishedPort { Target = 53, Protocol = PortProtocol.Udp };
        DockerServiceSpec.Change(raw, spec, spec with { Networks = ["new", "twmn"], Ports = [udp, spec.Ports[0]] });
        Assert.Equal("""[{"Target":"new"},{"Target":"twmn","Aliases":["w"]}]""", raw["TaskTemplate"]!["Networks"]!.ToJsonString());
        Assert.Equal(
            """{"Mode":"vip","Ports":[{"Protocol":"udp","TargetPort":53,"PublishMode":"ingress"},{"Protocol":"tcp","TargetPort":80,"PublishedPort":8080,"PublishMode":"ingress"}]}""",
            raw["EndpointSpec"]!.ToJsonString()
        );
    }

    [Fact]
    public void A_job_stays_a_job()
    {
        var raw = Reread(
            JsonNode.Parse("""{"Name":"j","TaskTemplate":{},"Mode":{"ReplicatedJob":{"MaxConcurrent":2,"TotalCompletions":6}}}""")!
        );
        var spec = DockerServiceSpec.Read(raw);
        Assert.Equal(new ServiceMode.Replicated(6), spec.Mode);
        DockerServiceSpec.Change(raw, spec, spec with { Labels = ValueMap.Empty.With("a", "1"), Mode = new ServiceMode.Replicated(8) });
        Assert.Equal("""{"ReplicatedJob":{"MaxConcurrent":2,"TotalCompletions":8}}""", raw["Mode"]!.ToJsonString());
    }

    [Fact]
    public void What_is_absent_means_Dockers_defaults()
    {
        var spec = DockerServiceSpec.Read(Reread(JsonNode.Parse("""{"Name":"a","TaskTemplate":{"ContainerSpec":{"Image":"i"}}}""")!));
        Assert.Equal(RestartPolicy.Default, spec.Restart);
        Assert.Equal(UpdateConfig.Default, spec.Update);
        Assert.Equal(new ServiceMode.Replicated(1), spec.Mode);
        Assert.Equal(TimeSpan.FromSeconds(10), spec.Container.StopGracePeriod);
    }

    [Fact]
    public void Capabilities_are_written_as_the_engine_compares_them()
    {
        var spec = new ServiceSpec
        {
            Name = "a",
            Container = new ContainerSpec { Image = "i", CapabilityAdd = ["net_admin", "ALL"] },
            Mode = new ServiceMode.Global(),
        };
        Assert.Equal(["CAP_NET_ADMIN", "ALL"], DockerServiceSpec.Read(Reread(DockerServiceSpec.New(spec))).Container.CapabilityAdd);
    }

    [Fact]
    public void A_tasks_template_is_its_services_but_for_the_runtime()
    {
        var template = Reread(JsonNode.Parse(Foreign)!["TaskTemplate"]!);
        var task = Reread(template);
        task.Remove("Runtime");
        Assert.Equal(DockerServiceSpec.TemplateKey(template), DockerServiceSpec.TemplateKey(task));
        task["ForceUpdate"] = 1;
        Assert.NotEqual(DockerServiceSpec.TemplateKey(template), DockerServiceSpec.TemplateKey(task));
    }

    [Fact]
    public void Labels_of_the_same_value_are_not_written()
    {
        var raw = JsonNode
            .Parse("""{"Name":"web","Labels":{"b":"2","a":"1"},"TaskTemplate":{"ContainerSpec":{"Image":"alpine"}}}""")!
            .AsObject();
        var text = raw.ToJsonString();
        DockerServiceSpec.Change(raw, DockerServiceSpec.Read(raw), DockerServiceSpec.Read(raw));
        Assert.Equal(text, raw.ToJsonString());
    }
}
