using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Templates;
using Swarm.Core.Validation;

namespace Swarm.Core.Tests.Templates;

public sealed class ContainerTemplatesTests
{
    private static readonly TemplateContext Context = TextTemplateTests.Context with
    {
        ServiceLabels = ValueMap.Empty.With("dir", "/srv/web").With("large", new string('x', 100_000)),
    };

    private static readonly ServiceSpec Good = new()
    {
        Name = "web",
        Container = new ContainerSpec { Image = "alpine" },
        Mode = new ServiceMode.Replicated(1),
    };

    private static ServiceSpec With(ContainerSpec container) => Good with { Container = container };

    private static ContainerSpec Mounted(string source, string target, MountType type = MountType.Volume) =>
        Good.Container with
        {
            Mounts =
            [
                new Mount
                {
                    Type = type,
                    Source = source,
                    Target = target,
                },
            ],
        };

    [Fact]
    public void Values_of_variables_host_name_and_mounts_are_expanded_and_nothing_else()
    {
        var spec = Good.Container with
        {
            Command = ["{{.Task.Slot}}"],
            Labels = ValueMap.Empty.With("a", "{{.Task.Slot}}"),
            Env = ["{{.Task.Slot}}={{.Task.Slot}}={{.Node.ID}}", "PLAIN=}}"],
            Hostname = "{{.Service.Name}}-{{.Task.Slot}}",
            Mounts =
            [
                new Mount
                {
                    Type = MountType.Volume,
                    Source = "data-{{.Task.Slot}}",
                    Target = "/data/{{.Service.Name}}",
                    VolumeDriver = "{{.Task.Slot}}",
                    VolumeLabels = ValueMap.Empty.With("{{.Node.ID}}", "{{.Node.ID}}"),
                },
            ],
        };
        var expanded = ContainerTemplates.Expand(spec, Context);
        Assert.Equal(
            spec with
            {
                Env = ["{{.Task.Slot}}=2=n1", "PLAIN=}}"],
                Hostname = "web-2",
                Mounts =
                [
                    spec.Mounts[0] with
                    {
                        Source = "data-2",
                        Target = "/data/web",
                        VolumeLabels = ValueMap.Empty.With("{{.Node.ID}}", "n1"),
                    },
                ],
            },
            expanded
        );
        var plain = Good.Container with { Env = ["A=}}"], Command = ["{{"] };
        Assert.Same(plain, ContainerTemplates.Expand(plain, Context));
    }

    [Fact]
    public void Wrong_templates_are_refused_with_their_place_and_position_when_the_service_is_made()
    {
        Refused("The host name, column 3: '.Nope' is not known", Good.Container with { Hostname = "{{.Nope}}" });
        Refused("The value of the environment variable 'A', column 2: the braces are not closed", Good.Container with { Env = ["A=a{{"] });
        Refused("The source of the mount at '/x', column 1: the braces are not closed", Mounted("{{", "/x"));
        Refused("The target of a mount, column 4: 'if' is not supported", Mounted("", "/{{if .Task.Slot}}x{{end}}"));
        Refused(
            "The volume label 'l' of the mount at '/x', column 3: '.Nope' is not known",
            Good.Container with
            {
                Mounts =
                [
                    new Mount
                    {
                        Type = MountType.Volume,
                        Target = "/x",
                        VolumeLabels = ValueMap.Empty.With("l", "{{.Nope}}"),
                    },
                ],
            }
        );
        // The name of a variable is no template, nor are commands and labels.
        ServiceSpecValidation.Validate(
            With(Good.Container with { Env = ["{{=x"], Command = ["{{"], Labels = ValueMap.Empty.With("a", "{{") })
        );
    }

    [Fact]
    public void The_mistake_is_shown_with_a_caret_but_not_where_the_text_may_be_a_secret()
    {
        var lines = Refused("", Good.Container with { Hostname = "a{{.Nope}}" }).Message.Split('\n');
        Assert.Equal("  a{{.Nope}}", lines[1]);
        Assert.Equal(".Nope", lines[1][lines[2].IndexOf('^', StringComparison.Ordinal)..^2]);
        var secret = Refused("", Good.Container with { Env = ["PASSWORD=hunter2{{"] });
        Assert.DoesNotContain("hunter2", secret.ToString(), StringComparison.Ordinal);
        Assert.Equal("PASSWORD", secret.Target);
        var large = Refused("", Good.Container with { Hostname = new string('x', 100_000) + "{{" });
        Assert.InRange(large.Message.Length, 1, 300);
    }

    [Theory]
    [InlineData(MountType.Volume, "{{.Service.Name}}_{{.Task.Slot}}", "/data/{{.Task.Slot}}")]
    [InlineData(MountType.Bind, "/srv/{{.Node.Hostname}}", "/{{.Service.Name}}")]
    [InlineData(MountType.Bind, "{{index .Service.Labels \"dir\"}}", "{{index .Service.Labels \"dir\"}}/x")]
    [InlineData(MountType.Volume, "{{index .Service.Labels \"volume\"}}", "/data")]
    public void Templates_are_taken_where_they_can_become_valid(MountType type, string source, string target) =>
        ServiceSpecValidation.Validate(With(Mounted(source, target, type)));

    [Theory]
    [InlineData("InvalidMountTarget", MountType.Volume, "", "{{.Service.Name}}")]
    [InlineData("InvalidMountTarget", MountType.Volume, "", "{{\"data\"}}")]
    [InlineData("InvalidMountSource", MountType.Bind, "{{.Service.Name}}", "/x")]
    [InlineData("InvalidMountSource", MountType.Volume, "{{\"/x\"}}", "/x")]
    [InlineData("InvalidMountSource", MountType.Volume, "{{\"{{.Name}}\"}}", "/x")]
    public void What_can_never_become_valid_is_refused(string errorId, MountType type, string source, string target) =>
        Assert.Equal(
            errorId,
            Assert.Throws<SwarmException>(() => ServiceSpecValidation.Validate(With(Mounted(source, target, type)))).ErrorId
        );

    [Fact]
    public void What_two_targets_become_is_compared_on_the_node()
    {
        var spec = Good.Container with
        {
            Mounts =
            [
                new Mount { Type = MountType.Volume, Target = "/{{.Task.Slot}}" },
                new Mount { Type = MountType.Volume, Target = "/{{.Node.ID}}" },
            ],
        };
        ServiceSpecValidation.Validate(With(spec));
        ContainerSpecValidation.ValidateExpanded(ContainerTemplates.Expand(spec, Context));
        var same = Assert.Throws<SwarmException>(() =>
            ContainerSpecValidation.ValidateExpanded(ContainerTemplates.Expand(spec, Context with { NodeId = "2" }))
        );
        Assert.Equal("DuplicateMountTarget", same.ErrorId);
    }

    /// <summary>An engine takes more than is read here, and earlier versions took everything.</summary>
    [Fact]
    public void A_change_leaves_templates_alone_that_are_there()
    {
        var before = With(
            Mounted("x-{{if .Task.Slot}}a{{end}}", "/x") with
            {
                Env = ["A={{.Nope}}"],
                Hostname = "h{{if .Task.Slot}}a{{end}}",
            }
        );
        Assert.Equal("InvalidTemplate", Assert.Throws<SwarmException>(() => ServiceSpecValidation.Validate(before)).ErrorId);
        var labelled = before with { Labels = ValueMap.Empty.With("a", "b") };
        ServiceSpecValidation.ValidateChange(labelled, before);
        var worse = labelled with { Container = labelled.Container with { Env = ["A={{.Nope}}", "B={{.Nope}}x"] } };
        var error = Assert.Throws<SwarmException>(() => ServiceSpecValidation.ValidateChange(worse, before));
        Assert.Equal(("InvalidTemplate", "B"), (error.ErrorId, error.Target));
        // The node refuses what it cannot read, on one line.
        var onNode = Assert.Throws<SwarmException>(() => ContainerTemplates.Expand(before.Container, Context));
        Assert.Equal("InvalidTemplate", onNode.ErrorId);
        Assert.DoesNotContain('\n', onNode.Message);
    }

    [Fact]
    public void All_texts_of_a_task_have_an_end_together()
    {
        var spec = Good.Container with
        {
            Env = Enumerable.Range(0, 100).Select(static i => $"A{i}={{{{index .Service.Labels \"large\"}}}}").ToValueList(),
        };
        Assert.Equal("InvalidTemplate", Assert.Throws<SwarmException>(() => ContainerTemplates.Expand(spec, Context)).ErrorId);
    }

    private static SwarmException Refused(string begins, ContainerSpec container)
    {
        var e = Assert.Throws<SwarmException>(() => ServiceSpecValidation.Validate(With(container)));
        Assert.Equal(("InvalidTemplate", SwarmErrorKind.InvalidArgument), (e.ErrorId, e.Kind));
        Assert.StartsWith(begins, e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(e.Action);
        return e;
    }
}
