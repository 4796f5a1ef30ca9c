using System.Globalization;
using Swarm.Wire.Limits;

namespace Swarm.Agent.Executors.Process;

/// <summary>The user and groups that a program runs as, found in <c>/etc/passwd</c> and <c>/etc/group</c>; numbers need no entry.</summary>
internal sealed record PosixUser(uint Uid, uint Gid, IReadOnlyList<uint> Groups, string Home)
{
    /// <summary>Reads Docker's form: <c>user</c>, <c>uid</c>, <c>user:group</c>, <c>uid:gid</c>.</summary>
    /// <exception cref="TaskRejectedException">There is no such user or group.</exception>
    public static PosixUser Resolve(string user, IEnumerable<string> groups)
    {
        var parts = user.Split(':', 2);
        var name = parts[0];
        var entry = Lines("/etc/passwd").FirstOrDefault(e => e.Length > 6 && (e[0] == name || e[2] == name));
        if (entry is null && !IsNumber(name))
        {
            throw new TaskRejectedException(
                "InvalidOption",
                $"unable to find user {BoundedText.Argument(name)}: no matching entries in passwd file"
            );
        }
        var uid = Number(entry?[2] ?? name);
        var gid =
            parts.Length > 1 ? Group(parts[1])
            : entry is null ? 0
            : Number(entry[3]);
        var more = groups.Select(Group);
        if (entry is not null && parts.Length == 1)
        {
            more = more.Concat(
                Lines("/etc/group").Where(e => e.Length > 3 && e[3].Split(',').Contains(entry[0])).Select(e => Number(e[2]))
            );
        }
        return new PosixUser(uid, gid, [.. more.Append(gid).Distinct().Order()], entry?[5] ?? "/");
    }

    private static uint Group(string group)
    {
        var entry = Lines("/etc/group").FirstOrDefault(e => e.Length > 2 && (e[0] == group || e[2] == group));
        return entry is not null ? Number(entry[2])
            : IsNumber(group) ? Number(group)
            : throw new TaskRejectedException(
                "InvalidOption",
                $"unable to find group {BoundedText.Argument(group)}: no matching entries in group file"
            );
    }

    private static IEnumerable<string[]> Lines(string path) =>
        File.Exists(path) ? File.ReadLines(path).Select(line => line.Split(':')) : [];

    private static bool IsNumber(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static uint Number(string text) => uint.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
