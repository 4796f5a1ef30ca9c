using System.Text.RegularExpressions;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>docs/faults.md names the tests of every fault, and each of them must exist.</summary>
public sealed partial class FaultTableTests
{
    private static readonly string[] Faults =
    [
        "Unknown names",
        "Duplicate names",
        "Invalid names",
        "Control characters in names, label keys, networks, environment names, and in what a node says of itself",
        "Bad images",
        "Bad constraints",
        "Bad templates",
        "Bad durations and sizes",
        "Negative replicas",
        "A published port of another service, twice in one service, out of range, or none left to choose",
        "Options of containers where only processes run, users that are none, resources beyond every node",
        "A name that is also the beginning of another object's id, or a beginning of several",
        "No change, or a parameter without the one that it needs",
        "A removal of what is not there",
        "An object of the module that was edited and piped in",
        "A row of a CSV file that is wrong",
        "Docker's comma syntax without quotes that has two meanings",
        "Conflicting parameters",
        "Wrong or rotated token",
        "Wrong CA digest",
        "Unreachable manager",
        "Second init",
        "Joining twice",
        "A node whose host name is another node's name, also a node that is Down",
        "A worker asked for manager data",
        "Last manager leaving without `-Force`",
        "Remote session: wrong authority, foreign or expired certificate, nobody there",
        "A revoked certificate of an administrator, on record or of an earlier version",
        "A firewall closes a port, or one direction of it",
        "Not root, and not in the group swarm",
        "A new swarmd that does not run, or does not start",
        "A node whose swarmd is not connected; with the Docker control plane, not known",
        "A peer that is another node, or whose certificate is none",
        "A rule of the administrator's that closes a port",
        "More than one active firewall; one that does not run, or is not there",
        "A firewall tool that fails half-way",
        "Package manager locked, no network, unsupported distribution",
        "Two copies of the same build in a session, and one is removed",
        "Another build of the module, imported into a session that has one",
        "An engine that is too old",
        "An engine that is away, or ends in the middle of a call",
        "An engine in no swarm, or a worker",
        "A locked manager",
        "No quorum, or about to be lost",
        "Somebody else changes the same object",
        "A service of the docker CLI with options that our model does not have",
        "Malformed gRPC messages",
        "Oversized gRPC messages",
        "Callers without a certificate that load the cluster port",
        "A certificate that makes too many connections or calls",
        "A name or an error of any length",
        "A clock that was set, or that differs by hours",
        "A certificate of somebody else on the cluster port",
        "As many revocations, or certificates, as the list has room for",
        "An administrator on a worker's port, or on a manager that has not read its state",
        "Torn write-ahead log",
        "Corrupted write-ahead log",
        "A log or snapshot that a newer swarmd wrote",
        "Full disk",
        "The manager's clock is set forward or back",
        "A new leader, or a swarmd that was restarted, whose clock differs from the one before",
        "A node leaves",
        "A service that fails at once, with `-RestartMaxAttempts` and `-RestartWindow`",
        "`SWARM_TEST_SYNC_DELAY` in the environment of swarmd",
        "State directory in use",
        "A state directory or key file to which others have rights",
        "A credential that cannot be written where it is asked for",
        "A sandbox that starts on a busy machine, or one of whose daemons ends",
        "Texts of nodes and engines in the log",
        "An engine that stops and comes back",
        "A label of a node goes that constraints ask for, also in the middle of an update",
        "Tasks failed for a missing registry credential, or have no attempts left",
        "A registry credential in the middle of an update",
        "A deployment that fails",
        "A wait that cannot end",
        "An update of a service some of whose tasks find no node",
        "swarmd stopped, upgraded, or killed and back in time",
        "More statuses than a message has room for, or errors without end",
        "A journal of tasks that is damaged, or cannot be written",
        "Thousands of tasks on one node, or a slow disk of the manager",
        "A node that is down while no other could take its tasks, or all of them",
        "A pid that belongs to another process by now",
        "Processes that leave the session of their task, with the Process executor",
        "A health check that leaves processes behind, or takes too long, with the Process executor",
        "An engine that runs no health checks (Podman without systemd)",
        "A node that does not say whether it forwards as it should, while a task ends",
        "A program of the host that has a published port",
        "A task that dies, is unhealthy, or listens late or nowhere",
        "A node that names another machine as the place of its task",
    ];

    /// <summary>The rows of all tables: their cells without the head and the line below it.</summary>
    private static List<string[]> Rows =>
        [
            .. File.ReadAllLines(Path.Combine(RepositoryFolder.Path, "docs", "faults.md"))
                .Where(static l => l.StartsWith("| ", StringComparison.Ordinal) && !l.StartsWith("| Case |", StringComparison.Ordinal))
                .Select(static l => l.Trim('|', ' ').Split(" | ")),
        ];

    [Fact]
    public void Every_fault_has_a_row_with_tests_in_each_of_its_columns()
    {
        Assert.Equal(Faults, Rows.Select(static r => r[0]));
        Assert.All(Rows, static r => Assert.True(r.Length >= 3, r[0]));
        Assert.All(Rows, static r => Assert.All(r[2..], cell => Assert.NotEmpty(Name().Matches(cell))));
    }

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var tests = Path.Combine(RepositoryFolder.Path, "tests");
        var sources = Directory
            .EnumerateFiles(tests, "*Tests.cs", SearchOption.AllDirectories)
            .Append(Path.Combine(tests, "Swarm.Daemon.Tests", "Executors", "ExecutorContract.cs"))
            .Select(File.ReadAllText)
            .ToList();
        var missing = new List<string>();
        foreach (
            var name in Rows.SelectMany(static r => r[2..]).SelectMany(static c => Name().Matches(c)).Select(static m => m.Groups[1].Value)
        )
        {
            var file = name.IndexOf(".Tests.ps1: ", StringComparison.Ordinal);
            var exists =
                file > 0
                    ? new[] { "Acceptance", "Conformance" }.Any(folder =>
                        Exists(Path.Combine(tests, folder, name[..(file + ".Tests.ps1".Length)]), name[(file + ".Tests.ps1: ".Length)..])
                    )
                    : sources.Exists(s => IsIn(s, name.Split('.')[0], name.Split('.')[1]));
            if (!exists)
            {
                missing.Add(name);
            }
        }
        Assert.True(missing.Count == 0, "No such test: " + string.Join(", ", missing));
    }

    private static bool Exists(string file, string words) =>
        File.Exists(file)
        && File.ReadAllText(file).Contains($"It '{words.Replace("'", "''", StringComparison.Ordinal)}'", StringComparison.Ordinal);

    private static bool IsIn(string source, string type, string method) =>
        Regex.IsMatch(source, $@"\bclass {Regex.Escape(type)}\b")
        // xunit's analyzer reports a public method that is no test.
        && Regex.IsMatch(source, $@"\bpublic [^\n;{{]*\b{Regex.Escape(method)}\(");

    [GeneratedRegex("`([A-Za-z]+(?:\\.[A-Z][A-Za-z0-9_]+|\\.Tests\\.ps1: [^`]+))`")]
    private static partial Regex Name();
}
