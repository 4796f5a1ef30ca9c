using System.Formats.Tar;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>The files of an image for tests: the machine's static busybox (Debian: busybox-static).</summary>
internal static class BusyboxArchive
{
    public const string Busybox = "/bin/busybox";

    /// <param name="applets">Programs in <c>/bin</c> of the image.</param>
    /// <returns>A tar archive, at its beginning.</returns>
    public static async Task<MemoryStream> MakeAsync(IEnumerable<string> applets)
    {
        var cancel = TestContext.Current.CancellationToken;
        var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, leaveOpen: true))
        {
            await using var busybox = File.OpenRead(Busybox);
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, "bin/busybox") { DataStream = busybox, Mode = (UnixFileMode)0b111_101_101 },
                cancel
            );
            foreach (var applet in applets)
            {
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox" }, cancel);
            }
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "tmp") { Mode = (UnixFileMode)0b001_111_111_111 }, cancel);
        }
        archive.Position = 0;
        return archive;
    }
}
