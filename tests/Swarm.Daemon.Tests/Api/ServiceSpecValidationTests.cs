using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Validation;

namespace Swarm.Daemon.Tests.Api;

public sealed class ServiceSpecValidationTests
{
    private static readonly ServiceSpec Good = new()
    {
        Name = "web",
        Container = new ContainerSpec { Image = "redis:3.0.6" },
        Mode = new ServiceMode.Replicated(1),
    };

    [Theory]
    [InlineData("a")]
    [InlineData("helloworld")]
    [InlineData("a-b_-c_d9")]
    [InlineData("a23456789012345678901234567890123456789012345678901234567890123")]
    public void A_valid_name_is_taken(string name) => ServiceSpecValidation.Validate(Good with { Name = name });

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a.b")]
    [InlineData("a.")]
    [InlineData("a\n")]
    [InlineData("ä")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public void An_invalid_name_is_refused(string name) => Refused("InvalidName", Good with { Name = name });

    [Fact]
    public void A_name_with_a_dot_is_told_of_DNS_and_kept_where_an_earlier_version_took_it()
    {
        var e = Refused("InvalidName", Good with { Name = "web.v1" });
        Assert.Contains("DNS", e.Message, StringComparison.Ordinal);
        ServiceSpecValidation.ValidateChange(Good with { Name = "web.v1" }, Good with { Name = "web.v1" });
    }

    [Theory]
    [InlineData("redis")]
    [InlineData("redis:3.0.6")]
    [InlineData("library/redis")]
    [InlineData("127.0.0.1:5000/web:2")]
    [InlineData("Registry.Example.com/a/b__c:T-1_2.3")]
    [InlineData("redis:3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_valid_image_is_taken(string image) =>
        ServiceSpecValidation.Validate(Good with { Container = new ContainerSpec { Image = image } });

    [Theory]
    [InlineData("")]
    [InlineData("Redis")]
    [InlineData("redis:")]
    [InlineData("redis:a b")]
    [InlineData("redis@sha256:12")]
    [InlineData(":3")]
    [InlineData("a//b")]
    [InlineData("http://a/b")]
    public void An_invalid_image_is_refused(string image) =>
        Refused("InvalidImage", Good with { Container = new ContainerSpec { Image = image } });

    [Fact]
    public void A_bad_constraint_shows_its_position()
    {
        var e = Refused("InvalidConstraint", Good with { Placement = new Placement { Constraints = ["node.labels.zone=east"] } });
        var lines = e.Message.Split('\n');
        Assert.Equal("  node.labels.zone=east", lines[1]);
        Assert.Equal('=', lines[1][lines[2].IndexOf('^', StringComparison.Ordinal)]);
    }

    [Theory]
    [InlineData("{{.Node.Hostname}}", "data-{{.Task.Slot}}")]
    [InlineData("web-{{.Task.Slot}}", "{{.Service.Name}}_{{ .Task.Slot }}")]
    [InlineData("{{index .Service.Labels \"tier\"}}.local", "")]
    public void Placeholders_are_taken_where_the_node_expands_them(string hostname, string volume) =>
        ServiceSpecValidation.Validate(With(hostname, volume));

    [Theory]
    [InlineData("InvalidHostname", "-{{.Task.Slot}}", "")]
    [InlineData("InvalidTemplate", "{{.Task.Slot", "")]
    [InlineData("InvalidMountSource", "", "a b{{.Task.Slot}}")]
    [InlineData("InvalidTemplate", "", "}}{{")]
    public void What_stands_around_placeholders_must_be_valid(string errorId, string hostname, string volume) =>
        Refused(errorId, With(hostname, volume));

    private static ServiceSpec With(string hostname, string volume) =>
        Good with
        {
            Container = Good.Container with
            {
                Hostname = hostname,
                Mounts =
                [
                    new Mount
                    {
                        Type = MountType.Volume,
                        Source = volume,
                        Target = "/data",
                    },
                ],
            },
        };

    [Theory]
    [InlineData("nobody", true)]
    [InlineData("65534", true)]
    [InlineData("nobody:nogroup", true)]
    [InlineData("0:0", true)]
    [InlineData("NT AUTHORITY\\System", true)]
    [InlineData("nobody:", false)]
    [InlineData(":nogroup", false)]
    [InlineData(":", false)]
    [InlineData("a:b:c", false)]
    [InlineData(" nobody", false)]
    [InlineData("nobody:\n", false)]
    [InlineData("2147483648", false)]
    [InlineData("99999999999999999999", false)]
    public void A_user_is_a_name_or_a_number_with_or_without_a_group(string user, bool good)
    {
        var spec = Good with { Container = Good.Container with { User = user } };
        if (good)
        {
            ServiceSpecValidation.Validate(spec);
            return;
        }
        Refused("InvalidUser", spec);
        // An earlier version took it: a change of something else goes through.
        ServiceSpecValidation.ValidateChange(spec with { Labels = ValueMap.Empty.With("a", "1") }, spec);
    }

    public static TheoryData<string, string> Broken =>
        new()
        {
            { "InvalidDuration", "restart" },
            { "InvalidDuration", "delay" },
            { "InvalidDuration", "grace" },
            { "InvalidMemory", "memory" },
            { "InvalidCpus", "cpus" },
            { "ReservationExceedsLimit", "reservation" },
            { "InvalidPidsLimit", "pids" },
            { "InvalidFailureRatio", "ratio" },
            { "InvalidFailureRatio", "nan" },
            { "InvalidFailureAction", "rollback" },
            { "InvalidMountTarget", "target" },
            { "DuplicateMountTarget", "targets" },
            { "InvalidMountSource", "bind" },
            { "InvalidMountSource", "tmpfs" },
            { "InvalidMountOption", "option" },
            { "InvalidEnvironment", "env" },
            { "InvalidCapability", "capability" },
            { "InvalidStopSignal", "signal" },
            { "InvalidUser", "user" },
            { "InvalidGroup", "group" },
            { "InvalidSysctls", "sysctl" },
            { "InvalidHealthCheck", "health" },
            { "InvalidHostname", "hostname" },
            { "InvalidWorkingDirectory", "dir" },
            { "InvalidLabel", "label" },
            { "InvalidPlacementPreference", "spread" },
            { "InvalidReplicas", "replicas" },
            { "MaxReplicasOfGlobalService", "global" },
            { "SpecTooLarge", "size" },
        };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Each_rule_has_its_own_error(string errorId, string rule)
    {
        var c = Good.Container;
        var spec = rule switch
        {
            "restart" => Good with { Restart = new RestartPolicy { Delay = TimeSpan.FromSeconds(-1) } },
            "delay" => Good with { Update = new UpdateConfig { Delay = TimeSpan.FromTicks(-1) } },
            "grace" => Good with { Container = c with { StopGracePeriod = TimeSpan.FromSeconds(-1) } },
            "memory" => Good with { Resources = new ResourceRequirements { Limits = new ResourceAmount(0, (4 << 20) - 1) } },
            "cpus" => Good with { Resources = new ResourceRequirements { Limits = new ResourceAmount(1, 0) } },
            "reservation" => Good with
            {
                Resources = new ResourceRequirements
                {
                    Limits = new ResourceAmount(0, 8 << 20),
                    Reservations = new ResourceAmount(0, 16 << 20),
                },
            },
            "global" => Good with
            {
                Mode = new ServiceMode.Global(),
                Placement = new Placement { MaxReplicasPerNode = 1 },
            },
            "pids" => Good with { Resources = new ResourceRequirements { PidsLimit = -1 } },
            "ratio" => Good with { Update = new UpdateConfig { MaxFailureRatio = 1.1 } },
            "nan" => Good with { Update = new UpdateConfig { MaxFailureRatio = double.NaN } },
            "rollback" => Good with { Rollback = new UpdateConfig { FailureAction = FailureAction.Rollback } },
            "target" => Mounts(new Mount { Type = MountType.Volume, Target = "data" }),
            "targets" => Mounts(
                new Mount { Type = MountType.Volume, Target = "/data" },
                new Mount { Type = MountType.Tmpfs, Target = "/data/" }
            ),
            "bind" => Mounts(
                new Mount
                {
                    Type = MountType.Bind,
                    Source = "etc",
                    Target = "/data",
                }
            ),
            "tmpfs" => Mounts(
                new Mount
                {
                    Type = MountType.Tmpfs,
                    Source = "x",
                    Target = "/data",
                }
            ),
            "option" => Mounts(
                new Mount
                {
                    Type = MountType.Volume,
                    Target = "/data",
                    TmpfsSizeBytes = 1,
                }
            ),
            "env" => Good with { Container = c with { Env = ["=x"] } },
            "capability" => Good with { Container = c with { CapabilityAdd = ["CAP_FLY"] } },
            "signal" => Good with { Container = c with { StopSignal = "SIGNOTHING" } },
            "user" => Good with { Container = c with { User = "nobody:" } },
            "sysctl" => Good with { Container = c with { Sysctls = ValueMap.Empty.With("vm.swappiness", "1") } },
            "group" => Good with { Container = c with { Groups = ["audio", "a:b"] } },
            "health" => Good with { Container = c with { HealthCheck = new HealthCheck { Test = ["RUN", "x"] } } },
            "hostname" => Good with { Container = c with { Hostname = "a b" } },
            "dir" => Good with { Container = c with { Dir = "x" } },
            "label" => Good with { Labels = ValueMap.From([new("a b", "c")]) },
            "spread" => Good with { Placement = new Placement { SpreadPreferences = ["node.id"] } },
            "replicas" => Good with { Mode = new ServiceMode.Replicated(ulong.MaxValue) },
            "size" => Good with { Container = c with { Env = ["A=" + new string('x', 600_000)] } },
            _ => throw new ArgumentException(rule, nameof(rule)),
        };
        Refused(errorId, spec);
    }

    [Fact]
    public void Negative_replicas_are_refused() =>
        Assert.Equal("InvalidReplicas", Assert.Throws<SwarmException>(() => ServiceSpecValidation.ValidateReplicas(-1, "web")).ErrorId);

    private static ServiceSpec Mounts(params Mount[] mounts) =>
        Good with
        {
            Container = Good.Container with { Mounts = mounts.ToValueList() },
        };

    private static SwarmException Refused(string errorId, ServiceSpec spec)
    {
        var e = Assert.Throws<SwarmException>(() => ServiceSpecValidation.Validate(spec));
        Assert.Equal(errorId, e.ErrorId);
        Assert.Equal(SwarmErrorKind.InvalidArgument, e.Kind);
        Assert.NotEmpty(e.Action);
        return e;
    }
}
