using Swarm.Core.Model;

namespace Swarm.Core.Validation;

/// <summary>The rule of which kernel parameters a container can have of its own. A node's runtime refuses the others when it starts the container.</summary>
internal static class SysctlValidation
{
    /// <summary>Source: opencontainers/runc libcontainer/configs/validate/validator.go (sysctl).</summary>
    private static readonly HashSet<string> Namespaced = new(StringComparer.Ordinal)
    {
        "kernel.domainname",
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    };

    /// <param name="sysctls">The new parameters.</param>
    /// <param name="before">The parameters that they replace, if any. A name that is in there is left alone: an earlier version took it.</param>
    /// <exception cref="Errors.SwarmException">InvalidSysctls.</exception>
    public static void Validate(ValueMap sysctls, ValueMap? before)
    {
        foreach (var written in sysctls.Keys)
        {
            // sysctl(8) takes slashes too.
            var name = written.Replace('/', '.');
            if (
                !Namespaced.Contains(name)
                && !name.StartsWith("net.", StringComparison.Ordinal)
                && !name.StartsWith("fs.mqueue.", StringComparison.Ordinal)
                && before?.ContainsKey(written) != true
            )
            {
                throw ServiceSpecValidation.Refuse(
                    "InvalidSysctls",
                    $"'{VisibleText.Of(written)}' is not a kernel parameter that a container can have of its own.",
                    written,
                    "Use one of net.*, fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm* and kernel.domainname; set others on the nodes."
                );
            }
        }
    }
}
