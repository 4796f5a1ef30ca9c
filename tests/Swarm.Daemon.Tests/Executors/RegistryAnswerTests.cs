using System.Net;
using Swarm.Engine;

namespace Swarm.Daemon.Tests.Executors;

public sealed class RegistryAnswerTests
{
    [Fact]
    public void Platforms_are_read_without_attestations_and_variants()
    {
        (string?, string?)[] told =
        [
            ("linux", "arm"),
            ("linux", "arm"),
            ("linux", "amd64"),
            ("unknown", "unknown"),
            ("windows", null),
            ("", "amd64"),
        ];
        Assert.Equal(["linux/amd64", "linux/arm", "windows"], RegistryAnswer.Platforms(told));
        Assert.Equal([], RegistryAnswer.Platforms([]));
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "", true)]
    [InlineData(HttpStatusCode.Forbidden, "", true)]
    [InlineData(HttpStatusCode.InternalServerError, "Get https://r/v2/: no basic auth credentials", true)]
    [InlineData(HttpStatusCode.InternalServerError, "unauthorized: authentication required", true)]
    [InlineData(HttpStatusCode.NotFound, "pull access denied for x", true)]
    [InlineData(HttpStatusCode.NotFound, "manifest unknown", false)]
    public void A_credential_is_missed_by_status_or_by_words(HttpStatusCode status, string said, bool missed) =>
        Assert.Equal(missed, RegistryAnswer.NeedsCredential(status, said));
}
