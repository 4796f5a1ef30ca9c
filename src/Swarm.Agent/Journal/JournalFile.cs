using Microsoft.Win32.SafeHandles;

namespace Swarm.Agent.Journal;

/// <summary>The file of a journal: appended to, and now and then replaced as a whole. It is not synced to disk.</summary>
/// <remarks>For a single thread at a time. After a write that failed, the file is as long as before, so that the next write leaves no damage
/// behind.</remarks>
internal sealed class JournalFile(string path) : IDisposable
{
    private SafeFileHandle? _file;

    public string FullPath => path;

    /// <summary>The bytes that were written.</summary>
    public long Length { get; private set; }

    /// <summary>Everything in it; empty when there is no file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public byte[] ReadAll() => File.Exists(path) ? File.ReadAllBytes(path) : [];

    /// <summary>Appends records.</summary>
    /// <exception cref="IOException">They could not be written: a full disk, for example.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Append(ReadOnlySpan<byte> records)
    {
        _file ??= Open();
        try
        {
            RandomAccess.Write(_file, records, Length);
        }
        catch (IOException)
        {
            CutBack(_file);
            throw;
        }
        Length += records.Length;
    }

    /// <summary>Replaces all records. The file holds the former ones or the new ones.</summary>
    /// <inheritdoc cref="Append"/>
    public void Replace(ReadOnlySpan<byte> records)
    {
        var temporary = path + ".tmp";
        var file = Create(temporary);
        try
        {
            RandomAccess.Write(file, records, 0);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            file.Dispose();
            File.Delete(temporary);
            throw;
        }
        _file?.Dispose();
        (_file, Length) = (file, records.Length);
    }

    public void Dispose() => _file?.Dispose();

    private SafeFileHandle Open()
    {
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read | FileShare.Delete);
        Length = RandomAccess.GetLength(file);
        return file;
    }

    // Deleting is shared: on Windows a file that is open could not be replaced otherwise.
    private static SafeFileHandle Create(string path) =>
        File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete);

    private void CutBack(SafeFileHandle file)
    {
        try
        {
            RandomAccess.SetLength(file, Length);
        }
        catch (IOException)
        {
            // A reader passes over what a failed write has left.
        }
    }
}
