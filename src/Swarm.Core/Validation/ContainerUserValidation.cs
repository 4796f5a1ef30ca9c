using System.Globalization;
using Swarm.Core.Model;

namespace Swarm.Core.Validation;

/// <summary>The rules of a container's user and groups. Whether there are such a user and such groups is known on the node and in the image only.</summary>
internal static class ContainerUserValidation
{
    /// <summary>Source: moby/sys user (maxID): uids and gids are in the range 0-2147483647.</summary>
    private const long LargestId = int.MaxValue;

    /// <param name="spec">The new container.</param>
    /// <param name="before">The container that it replaces, if any. A user and groups that are in there are left alone: an earlier version took
    /// them.</param>
    /// <exception cref="Errors.SwarmException">InvalidUser, InvalidGroup.</exception>
    public static void Validate(ContainerSpec spec, ContainerSpec? before)
    {
        if (spec.User.Length > 0 && spec.User != before?.User)
        {
            var parts = spec.User.Split(':');
            if (parts.Length > 2 || !Array.TrueForAll(parts, IsNameOrId))
            {
                throw ServiceSpecValidation.Refuse(
                    "InvalidUser",
                    $"'{VisibleText.Of(spec.User)}' is not a user.",
                    spec.User,
                    "Write it as user, uid, user:group or uid:gid; numbers go up to 2147483647."
                );
            }
        }
        foreach (var group in spec.Groups)
        {
            if (before?.Groups.Contains(group) != true && (!IsNameOrId(group) || group.Contains(':', StringComparison.Ordinal)))
            {
                throw ServiceSpecValidation.Refuse(
                    "InvalidGroup",
                    $"'{VisibleText.Of(group)}' is not a group.",
                    group,
                    "Give a group's name or its number, up to 2147483647."
                );
            }
        }
    }

    private static bool IsNameOrId(string text) =>
        text.Length > 0
        && !char.IsWhiteSpace(text[0])
        && !char.IsWhiteSpace(text[^1])
        && VisibleText.IsPlain(text)
        && (
            !text.All(char.IsAsciiDigit)
            || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id <= LargestId)
        );
}
