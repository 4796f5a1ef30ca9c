using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class CmdletTests
{
    [Fact]
    public async ValueTask Initialize_answers_tokens_and_commands_to_paste()
    {
        await using var shell = await Shell.StartAsync();
        var made = shell.Run("Initialize-Swarm 127.0.0.11 -AutoLock -TaskHistoryLimit 3 -HeartbeatPeriod 2s").One<InitializeResult>();
        Assert.Equal("Join-Swarm -Token SWMTKN-1-ca-worker -RemoteAddress 127.0.0.11:2377", made.WorkerJoinCommand);
        Assert.Equal("Join-Swarm -Token SWMTKN-1-ca-manager -RemoteAddress 127.0.0.11:2377", made.ManagerJoinCommand);
        Assert.Equal(("cluster1", "SWMKEY-1-abc"), (made.ClusterId, made.UnlockKey));
        var request = shell.Fake.Last<V1.InitSwarmRequest>();
        Assert.Equal(
            (3, true, 2L),
            (request.Settings.TaskHistoryLimit, request.Settings.Autolock, request.Settings.HeartbeatPeriod.Seconds)
        );
        Assert.NotEmpty(request.RequestId);
        var cluster = shell.Run("Get-Swarm").One<Cluster>();
        Assert.Equal((5, 10000L, TimeSpan.FromSeconds(5)), (cluster.TaskHistoryLimit, cluster.SnapshotInterval, cluster.HeartbeatPeriod));
        // The pasted command sends its own values.
        shell.Run(made.ManagerJoinCommand).One<JoinResult>();
        Assert.Equal(["127.0.0.11:2377"], shell.Fake.Last<V1.JoinSwarmRequest>().RemoteAddresses);
    }

    [Fact]
    public async ValueTask Cluster_cmdlets_send_what_they_are_told()
    {
        await using var shell = await Shell.StartAsync();
        Assert.Equal(LocalNodeState.Inactive, shell.Run("Get-Swarm").One<Cluster>().State);
        Assert.Equal(0, shell.Fake.Count<V1.GetClusterRequest>());
        Assert.Empty(shell.Run("Set-Swarm -TaskHistoryLimit 7 -AutoLock:$false").ThrowIfFailed().Output);
        var settings = shell.Fake.Last<V1.UpdateClusterRequest>().Settings;
        Assert.True(settings is { TaskHistoryLimit: 7, HasAutolock: true, Autolock: false, HasSnapshotInterval: false });
        Assert.StartsWith(
            "InvalidSetting,",
            shell.Run("Set-Swarm -TaskHistoryLimit -1").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.StartsWith("NothingToChange,", shell.Run("Set-Swarm").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(["SWMTKN-1-ca-worker", "SWMTKN-1-ca-manager"], shell.Run("Get-SwarmJoinToken").As<JoinToken>().Select(t => t.Token));
        Assert.Equal("SWMTKN-1-ca-worker2", shell.Run("Reset-SwarmJoinToken Worker -Force").One<JoinToken>().Token);
        Assert.Equal("SWMTKN-1-ca-worker2", shell.Run("Reset-SwarmJoinToken Worker -Force -PassThru").One<JoinToken>().Token);
        var none = shell.Run("Get-SwarmUnlockKey").Error;
        Assert.StartsWith("AutolockNotEnabled,", none.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidOperation, none.CategoryInfo.Category);
        Assert.Contains("Set-Swarm -AutoLock", none.ToString(), StringComparison.Ordinal);
        Assert.Equal("SWMKEY-1-abc", shell.Run("Set-Swarm -AutoLock").One<UnlockKey>().Key);
        Assert.Collection(
            shell.Run("Set-Swarm -AutoLock -PassThru").ThrowIfFailed().Output,
            o => Assert.Equal("SWMKEY-1-abc", Assert.IsType<UnlockKey>(o.BaseObject).Key),
            o => Assert.IsType<Cluster>(o.BaseObject)
        );
        Assert.Empty(shell.Run("Set-Swarm -AutoLock -WhatIf").ThrowIfFailed().Output);
        Assert.Equal("SWMKEY-1-abc", shell.Run("Get-SwarmUnlockKey").One<UnlockKey>().Key);
        Assert.Equal("SWMKEY-1-def", shell.Run("Reset-SwarmUnlockKey -Force").One<UnlockKey>().Key);
        Assert.Equal("SWMKEY-1-def", shell.Run("Reset-SwarmUnlockKey -Force -PassThru").One<UnlockKey>().Key);
        shell.Run("Get-SwarmUnlockKey | Unlock-Swarm; Exit-Swarm -Force").ThrowIfFailed();
        Assert.Equal("SWMKEY-1-abc", shell.Fake.Last<V1.UnlockSwarmRequest>().UnlockKey);
        Assert.True(shell.Fake.Last<V1.LeaveSwarmRequest>().Force);
    }

    [Fact]
    public async ValueTask Sessions_are_opened_chosen_and_closed()
    {
        await using var shell = await Shell.StartAsync();
        await using var other = await FakeSwarmd.StartAsync();
        other.Control.Nodes.RemoveRange(1, 2);
        Assert.Equal(3, shell.Run("Get-SwarmNode").Output.Count);
        var session = shell.Run("$s = Connect-Swarm -Socket $socket; $s", ("socket", other.Socket)).One<Session>();
        Assert.True(session is { IsDefault: true, IsLocal: true, Hostname: "manager1" });
        Assert.Equal("manager1", shell.Run("Get-SwarmNode").One<Node>().Name);
        Assert.Same(session, shell.Run("Get-SwarmSession").One<Session>());
        shell.Run("Disconnect-Swarm").ThrowIfFailed();
        Assert.Equal(3, shell.Run("Get-SwarmNode").Output.Count);
        var closed = shell.Run("Get-SwarmNode -Session $s").Error;
        Assert.StartsWith("SessionClosed,", closed.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("SessionNotFound,", shell.Run("$s | Disconnect-Swarm").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("admin.pem")]
    [InlineData("admin.pfx")]
    public async ValueTask Credential_is_private_and_can_be_loaded(string file)
    {
        await using var shell = await Shell.StartAsync();
        var folder = Directory.CreateTempSubdirectory("swarm-credential-").FullName;
        try
        {
            var path = Path.Combine(folder, file);
            var made = shell.Run("New-SwarmCredential admin $path", ("path", path)).One<ClientCredential>();
            Assert.Equal((path, "127.0.0.11:2377"), (made.CertificatePath, Assert.Single(made.ManagerAddress)));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            }
            var loaded = Sessions.ClientCertificate.Load(path, DateTime.UtcNow, Assert.Fail);
            Assert.True(loaded.Certificate.HasPrivateKey);
            Assert.Equal("CN=admin", loaded.Certificate.Subject);
            using var manager = shell.Fake.Issue("O=cluster1, OU=swarm-manager, CN=node0id");
            using var worker = shell.Fake.Issue("O=cluster1, OU=swarm-worker, CN=swarm-manager");
            using var stranger = new FakeControl().Issue("O=cluster1, OU=swarm-manager, CN=node0id");
            var now = DateTime.UtcNow;
            Assert.Null(loaded.Refuse(manager, now));
            Assert.NotNull(loaded.Refuse(worker, now));
            Assert.NotNull(loaded.Refuse(stranger, now));
            Assert.NotNull(loaded.Refuse(loaded.Certificate, now));
            var again = shell.Run("New-SwarmCredential admin $path", ("path", path)).Error;
            Assert.StartsWith("CredentialExists,", again.FullyQualifiedErrorId, StringComparison.Ordinal);
            var refused = shell.Run("Connect-Swarm -ManagerAddress 127.0.0.1:1 -CertificatePath $path", ("path", path + ".none")).Error;
            Assert.StartsWith("CertificateInvalid,", refused.FullyQualifiedErrorId, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async ValueTask Credential_that_cannot_be_written_is_not_asked_for_and_leaves_no_file()
    {
        await using var shell = await Shell.StartAsync();
        var folder = Directory.CreateTempSubdirectory("swarm-credential-").FullName;
        try
        {
            var file = Path.Combine(folder, "file");
            await File.WriteAllTextAsync(file, "mine");
            var below = shell.Run("New-SwarmCredential admin $path", ("path", Path.Combine(file, "admin.pem"))).Error;
            Assert.StartsWith("FileAccessFailed,", below.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal(ErrorCategory.WriteError, below.CategoryInfo.Category);
            var nowhere = Path.Combine(folder, "none", "deeper");
            foreach (var preview in new[] { "", " -WhatIf" })
            {
                var missing = shell.Run("New-SwarmCredential admin $path" + preview, ("path", Path.Combine(nowhere, "admin.pem"))).Error;
                Assert.StartsWith("FolderNotFound,", missing.FullyQualifiedErrorId, StringComparison.Ordinal);
                Assert.Equal(nowhere, missing.TargetObject);
                Assert.Contains($"New-Item -ItemType Directory '{nowhere}'", missing.ToString(), StringComparison.Ordinal);
            }
            Assert.False(Directory.Exists(Path.Combine(folder, "none")));
            var directory = shell.Run("New-SwarmCredential admin $path -Force", ("path", folder)).Error;
            Assert.StartsWith("CredentialExists,", directory.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal(0, shell.Fake.Count<V1.IssueClientCertificateRequest>());
            shell.Fake.Refusal = FakeControl.Refuse(Grpc.Core.StatusCode.PermissionDenied, "PermissionDenied", "No.", "");
            var refused = shell.Run("New-SwarmCredential admin $path -Force", ("path", file)).Error;
            Assert.StartsWith("PermissionDenied,", refused.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal("mine", await File.ReadAllTextAsync(Assert.Single(Directory.GetFileSystemEntries(folder))));
            shell.Fake.Refusal = null;
            shell.Run("New-SwarmCredential admin $path -Force", ("path", file)).ThrowIfFailed();
            Assert.StartsWith(
                "-----BEGIN",
                await File.ReadAllTextAsync(Assert.Single(Directory.GetFileSystemEntries(folder))),
                StringComparison.Ordinal
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async ValueTask Nodes_are_listed_changed_and_removed()
    {
        await using var shell = await Shell.StartAsync();
        var nodes = shell.Run("Get-SwarmNode").As<Node>();
        Assert.Equal(["manager1", "worker1", "worker2"], nodes.Select(n => n.Name));
        Assert.True(nodes[0] is { IsSelf: true, ManagerStatus: ManagerReachability.Leader, Cpus: 2 });
        Assert.Equal(["worker1", "worker2"], shell.Run("Get-SwarmNode w*").As<Node>().Select(n => n.Name));
        Assert.Empty(shell.Run("Get-SwarmNode x*").As<Node>());
        Assert.Empty(shell.Run("Set-SwarmNode worker2 -Availability Drain -Label @{ zone2 = 'c' } -Wait").ThrowIfFailed().Output);
        var request = shell.Fake.Last<V1.UpdateNodeRequest>();
        Assert.Equal((V1.NodeAvailability.Drain, "c"), (request.Availability, request.LabelsSet["zone2"]));
        Assert.True(shell.Fake.Last<V1.WaitNodeRequest>().UntilDrained);
        Assert.Equal(NodeRole.Manager, shell.Run("Get-SwarmNode worker1 | Set-SwarmNode -Role Manager -PassThru").One<Node>().Role);
        shell.Run("Remove-SwarmNode worker2 -Force").ThrowIfFailed();
        Assert.Equal(2, shell.Fake.Nodes.Count);
        Assert.StartsWith("NodeNotFound,", shell.Run("Get-SwarmNode worker2").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask Service_is_created_as_on_the_card()
    {
        await using var shell = await Shell.StartAsync();
        var service = shell.Run("New-SwarmService -Name helloworld -Image alpine -Command ping,docker.com -Replicas 1");
        Assert.Equal("helloworld", service.One<Service>().Name);
        Assert.Equal(["image could not be resolved"], service.Warnings);
        var spec = shell.Fake.Last<V1.CreateServiceRequest>().Spec;
        Assert.Equal(["ping", "docker.com"], spec.Container.Command);
        Assert.Empty(spec.Container.Entrypoint);
        Assert.Equal(
            (1ul, 1ul, 5L, 10L),
            (spec.Replicated.Replicas, spec.Update.Parallelism, spec.RestartPolicy.Delay.Seconds, spec.Container.StopGracePeriod.Seconds)
        );
    }

    [Fact]
    public async ValueTask Every_option_reaches_the_spec()
    {
        await using var shell = await Shell.StartAsync();
        var service = shell
            .Run(
                """
                New-SwarmService web registry.example:5000/web:1 -Entrypoint /bin/web -Mode Global -Constraint node.role==worker `
                  -PlacementPreference spread=node.labels.zone -MaxReplicasPerNode 2 -ReserveCpu 0.5 -ReserveMemory 64m -LimitCpu 1 -LimitMemory 128MB `
                  -LimitPids 50 -Env @{ A = 1 },'B=2' -Label @{ tier = 'front' } -ContainerLabel c=d -Mount '/a:/b:ro' -User 1000 -Group wheel `
                  -WorkingDirectory /srv -HostName web1 -StopSignal SIGINT -StopGracePeriod 1m30s -CapAdd NET_ADMIN -CapDrop ALL -ReadOnly -Init -Tty `
                  -HealthCommand 'curl -f localhost' -HealthInterval 5s -HealthRetries 4 -RestartCondition OnFailure -RestartDelay 250ms -RestartMaxAttempts 3 `
                  -RestartWindow 2m -UpdateParallelism 2 -UpdateDelay 10m20s -UpdateFailureAction Rollback -UpdateMaxFailureRatio 0.25 -UpdateOrder StartFirst `
                  -RollbackParallelism 0 -RollbackDelay 1s -RegistryCredential $credential
                """,
                ("credential", new PSCredential("me", Secret("pass")))
            )
            .One<Service>();
        Assert.Equal(
            (ServiceMode.Global, 0.5, 64L << 20, 1.0, 128L << 20, 50L),
            (service.Mode, service.ReserveCpu, service.ReserveMemory, service.LimitCpu, service.LimitMemory, service.LimitPids)
        );
        Assert.Equal(["A=1", "B=2"], service.Env);
        Assert.Equal(["spread=node.labels.zone"], service.PlacementPreferences);
        Assert.Equal(("front", "d"), (service.Labels["tier"], service.ContainerLabels["c"]));
        Assert.Equal("/a:/b:ro", Assert.Single(service.Mounts).ToString());
        Assert.Equal(
            ("1000", "/srv", "web1", "SIGINT", TimeSpan.FromSeconds(90)),
            (service.User, service.WorkingDirectory, service.HostName, service.StopSignal, service.StopGracePeriod)
        );
        Assert.True(service is { ReadOnly: true, Init: true, Tty: true, MaxReplicasPerNode: 2 });
        Assert.Equal(["CMD-SHELL", "curl -f localhost"], service.HealthCheck!.Test);
        Assert.Equal(
            (RestartCondition.OnFailure, TimeSpan.FromMilliseconds(250), 3L),
            (service.RestartCondition, service.RestartDelay, service.RestartMaxAttempts)
        );
        Assert.Equal(
            "parallelism 2, delay 10m20s, monitor 5s, on failure rollback, max failure ratio 0.25, start-first",
            service.UpdateConfig.ToString()
        );
        Assert.Equal((0L, TimeSpan.FromSeconds(1)), (service.RollbackConfig.Parallelism, service.RollbackConfig.Delay));
        var credential = shell.Fake.Last<V1.CreateServiceRequest>().RegistryCredential;
        Assert.Equal(("registry.example:5000", "me", "pass"), (credential.ServerAddress, credential.Username, credential.Password));
    }

    [Fact]
    public async ValueTask Set_changes_what_it_names_and_keeps_the_rest()
    {
        await using var shell = await Shell.StartAsync();
        shell
            .Run(
                "New-SwarmService redis redis:3.0.6 -Replicas 3 -UpdateDelay 10s -Env A=1,B=2 -Constraint node.role==worker -Label @{ x = 1 }"
            )
            .ThrowIfFailed();
        Assert.Empty(
            shell
                .Run(
                    "Set-SwarmService -Image redis:3.0.7 redis -Env A=9,C=3 -RemoveEnv B -RemoveConstraint 'node.role == worker' -RemoveLabel x"
                )
                .ThrowIfFailed()
                .Output
        );
        var service = shell.Run("Get-SwarmService redis").One<Service>();
        Assert.Equal(
            ("redis:3.0.7", 3L, TimeSpan.FromSeconds(10), "redis:3.0.6"),
            (service.Image, service.Replicas, service.UpdateConfig.Delay, service.PreviousImage)
        );
        Assert.Equal(["A=9", "C=3"], service.Env);
        Assert.Empty(service.Constraints);
        Assert.Empty(service.Labels);
        Assert.NotEqual(0ul, shell.Fake.Last<V1.UpdateServiceRequest>().Version);
        Assert.True(shell.Fake.Last<V1.UpdateServiceRequest>().NewAttempt);
        shell.Run("Get-SwarmService redis | Set-SwarmService -Replicas 4").ThrowIfFailed();
        Assert.False(shell.Fake.Last<V1.UpdateServiceRequest>().NewAttempt);
        Assert.Equal(("redis:3.0.7", 4ul), (shell.Fake.Services[0].Spec.Container.Image, shell.Fake.Services[0].Spec.Replicated.Replicas));
        shell.Run("Restart-SwarmService redis").ThrowIfFailed();
        Assert.Equal(1ul, shell.Fake.Services[0].Spec.ForceUpdate);
        shell.Run("Undo-SwarmService redis -ToRevision 2").ThrowIfFailed();
        Assert.Equal(2ul, shell.Fake.Last<V1.RollbackServiceRequest>().ToRevision);
        Assert.True(shell.Run("Get-SwarmServiceRevision redis").As<ServiceRevision>()[^1].IsCurrent);
    }

    [Fact]
    public async ValueTask Version_conflict_is_retried_only_when_nobody_touched_the_same()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.BeforeUpdate = s =>
        {
            s.Spec = s.Spec.Clone();
            s.Spec.Replicated.Replicas = 9;
        };
        shell.Run("Set-SwarmService web -Image web:2").ThrowIfFailed();
        Assert.Equal(("web:2", 9ul), (shell.Fake.Services[0].Spec.Container.Image, shell.Fake.Services[0].Spec.Replicated.Replicas));
        shell.Fake.BeforeUpdate = s =>
        {
            s.Spec = s.Spec.Clone();
            s.Spec.Container.Image = "web:theirs";
        };
        var error = shell.Run("Set-SwarmService web -Image web:3").Error;
        Assert.StartsWith("VersionConflict,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("at the same time: -Image.", error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal("web:theirs", shell.Fake.Services[0].Spec.Container.Image);
    }

    [Fact]
    public async ValueTask A_conflict_or_a_removal_meanwhile_leaves_the_other_names_their_turn()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.AddService("db");
        shell.Fake.BeforeUpdate = s =>
        {
            s.Spec = s.Spec.Clone();
            s.Spec.Container.Image = "web:theirs";
        };
        var conflict = shell.Run("Set-SwarmService web,db -Image mine").Error;
        Assert.StartsWith("VersionConflict,", conflict.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("web", conflict.TargetObject);
        Assert.Equal(["web:theirs", "mine"], shell.Fake.Services.Select(s => s.Spec.Container.Image));
        shell.Fake.BeforeUpdate = s => shell.Fake.Services.Remove(s);
        var removed = shell.Run("Restart-SwarmService web,db").Error;
        Assert.StartsWith("ServiceNotFound,", removed.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(("db", 1ul), (Assert.Single(shell.Fake.Services).Spec.Name, shell.Fake.Services[0].Spec.ForceUpdate));
    }

    [Theory]
    [InlineData("Invoke-SwarmScale web 5")]
    [InlineData("Get-SwarmService web | Invoke-SwarmScale -Replicas 5")]
    [InlineData("Invoke-SwarmScale @{ web = 5; redis = 2 }")]
    [InlineData("Invoke-SwarmScale web=5,redis=2")]
    [InlineData("@{ web = 5; redis = 2 } | Invoke-SwarmScale")]
    [InlineData("'web' | Invoke-SwarmScale -Replicas 5")]
    public async ValueTask Scale_takes_every_shape(string script)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.AddService("redis", 2);
        Assert.Empty(shell.Run(script).ThrowIfFailed().Output);
        Assert.Equal([5, 2], shell.Run("Get-SwarmService").As<Service>().Select(s => (int)s.Replicas));
        Assert.Equal(1, shell.Fake.Count<V1.ScaleServicesRequest>());
    }

    [Fact]
    public async ValueTask Scale_is_all_or_nothing_and_refuses_what_makes_no_sense()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        Assert.StartsWith(
            "ServiceNotFound,",
            shell.Run("Invoke-SwarmScale @{ web = 3; nope = 2 }").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.StartsWith("InvalidReplicas,", shell.Run("Invoke-SwarmScale web -1").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("MissingParameter,", shell.Run("Invoke-SwarmScale web").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        shell.Fake.AddService("db");
        // The number of one is wrong: neither is scaled.
        Assert.StartsWith(
            "InvalidReplicas,",
            shell.Run("'db=4','web=many' | Invoke-SwarmScale").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.All(shell.Fake.Services, s => Assert.Equal(1ul, s.Spec.Replicated.Replicas));
    }

    [Fact]
    public async ValueTask Tasks_are_found_by_name_service_and_node()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web", 3);
        shell.Fake.AddService("redis", 2);
        Assert.Equal(5, shell.Run("Get-SwarmTask").Output.Count);
        Assert.Equal(["web.1", "web.2", "web.3"], shell.Run("Get-SwarmTask web").As<Task>().Select(t => t.Name));
        Assert.Equal("web.2", shell.Run("Get-SwarmTask web.2").One<Task>().Name);
        Assert.Equal(3, shell.Run("Get-SwarmService web | Get-SwarmTask").Output.Count);
        Assert.All(shell.Run("Get-SwarmTask | Where-Object Node -eq worker2").As<Task>(), t => Assert.Equal("worker2", t.Node));
        Assert.Equal(2, shell.Run("Get-SwarmNode worker2 | Get-SwarmTask").Output.Count);
        Assert.Equal("worker2", shell.Run("Get-SwarmTask web.2 | Get-SwarmNode").One<Node>().Name);
        Assert.Equal("web", shell.Run("Get-SwarmTask web.2 | Get-SwarmService").One<Service>().Name);
        Assert.Equal("web.2", shell.Run("Get-SwarmTask web.2 | Stop-SwarmTask -PassThru").One<Task>().Name);
        Assert.Equal(["web.1"], shell.Run("Get-SwarmService web | Get-SwarmTask -Node worker1").As<Task>().Select(t => t.Name));
        Assert.Equal(["web.2"], shell.Run("Get-SwarmNode worker2 | Get-SwarmTask -Service w*").As<Task>().Select(t => t.Name));
        Assert.Equal(["redis.1", "redis.2", "web.1", "web.2"], shell.Run("Get-SwarmTask -Node worker*").As<Task>().Select(t => t.Name));
        Assert.Equal(["web.1", "web.2"], shell.Run("Get-SwarmTask web.* -Service w* -Node worker?").As<Task>().Select(t => t.Name));
        Assert.Equal("web.1", shell.Run("Get-SwarmTask web.1 -Service w*,redis").One<Task>().Name);
        Assert.Empty(shell.Run("Get-SwarmTask -Node x*; Get-SwarmTask web -Node x*; Get-SwarmTask * -Service x*").ThrowIfFailed().Output);
        Assert.StartsWith(
            "ServiceNotFound,",
            shell.Run("Get-SwarmTask web.1 -Service nope").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.StartsWith("TaskNotFound,", shell.Run("Get-SwarmTask nope").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-SwarmTask web", 1, "web.1 web.2")]
    [InlineData("Get-SwarmTask web.2", 1, "web.2")]
    [InlineData("Get-SwarmTask web,web.2", 2, "web.1 web.2 web.2")]
    [InlineData("Get-SwarmTask web -Node worker1", 1, "web.1")]
    [InlineData("Get-SwarmTask nope,web.2 -ErrorAction SilentlyContinue", 2, "web.2")]
    [InlineData("Get-SwarmTask w*", 1, "web.1 web.2")]
    public async ValueTask A_name_takes_one_call_whether_it_is_a_tasks_or_a_services(string script, int calls, string names)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web", 2);
        var before = shell.Fake.Requests.Count;
        Assert.Equal(names.Split(' '), shell.Run(script).As<Task>().Select(t => t.Name));
        Assert.Equal(calls, shell.Fake.Count<V1.ListTasksRequest>());
        Assert.Equal(calls, shell.Fake.Requests.Count - before);
    }

    [Fact]
    public async ValueTask A_name_that_is_no_tasks_and_no_services_is_an_error_of_its_own()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        var result = shell.Run("Get-SwarmTask nope,web.1");
        Assert.StartsWith(
            "There is no task 'nope', and no service of that name.",
            result.Error.Exception.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ($"TaskNotFound,{typeof(Swarm.Cmdlets.Commands.GetSwarmTaskCommand).FullName}", "nope"),
            (result.Error.FullyQualifiedErrorId, result.Error.TargetObject)
        );
        Assert.Equal("web.1", ((Task)Assert.Single(result.Output).BaseObject).Name);
    }

    [Fact]
    public async ValueTask Tasks_are_written_as_they_arrive_each_slot_with_its_history_under_it()
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web", 3);
        shell.Fake.AddTask(web, 1, V1.TaskState.Failed, V1.TaskState.Shutdown, 9, "web:0");
        // It is newer than the task that holds the slot, and is still to be stopped.
        shell.Fake.AddTask(web, 2, V1.TaskState.Failed, V1.TaskState.Shutdown, 1, "web:2");
        shell.Fake.TaskListsNeverEnd = true;
        using var output = new PSDataCollection<PSObject>();
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        output.DataAdded += (_, e) =>
        {
            if (e.Index == 3)
            {
                arrived.TrySetResult();
            }
        };
        using var running = shell.Begin("Get-SwarmTask", output);
        // The list has not ended: it is still unknown whether slot 3 has more tasks.
        await Deadline.WaitAsync(arrived.Task, "the fourth task to be written");
        running.Stop();
        Assert.Equal(
            [("web.1", false), ("web.1", true), ("web.2", false), ("web.2", true)],
            output.Select(o => (Task)o.BaseObject).Select(t => (t.Name, t.IsHistory))
        );
    }

    [Fact]
    public async ValueTask Placement_and_events_are_shown()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        Assert.Equal("constraints", shell.Run("Test-SwarmPlacement web").As<PlacementResult>().Single(p => !p.Suitable).Filter);
        shell.Run("Test-SwarmPlacement -Image alpine -Constraint node.role==manager -ReserveMemory 64m").ThrowIfFailed();
        Assert.Equal(64L << 20, shell.Fake.Last<V1.TestPlacementRequest>().Spec.Resources.Reservations.MemoryBytes);
        Assert.Equal("web.1", shell.Run("Watch-SwarmEvent -Kind Task -Timeout 300ms").One<SwarmEvent>().Name);
        Assert.Equal(["task"], shell.Fake.Last<V1.WatchEventsRequest>().Kinds);
    }

    [Fact]
    public async ValueTask Ctrl_C_ends_a_wait_at_once_and_events_arrive_before_it()
    {
        await using var shell = await Shell.StartAsync();
        using var output = new PSDataCollection<PSObject>();
        var arrived = new TaskCompletionSource();
        output.DataAdded += (_, _) => arrived.TrySetResult();
        using var running = shell.Begin("Watch-SwarmEvent", output);
        await Deadline.WaitAsync(arrived.Task, "an event to be written");
        running.Stop();
        Assert.Equal(PSInvocationState.Stopped, running.InvocationStateInfo.State);
        Assert.Empty(running.Streams.Error);
    }

    private static System.Security.SecureString Secret(string text)
    {
        var secret = new System.Security.SecureString();
        foreach (var c in text)
        {
            secret.AppendChar(c);
        }
        return secret;
    }
}
