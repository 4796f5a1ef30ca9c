using System.Buffers.Binary;

namespace Swarm.Consensus;

/// <summary>Divides its input into encrypted frames. Each frame is bound to its snapshot and number, and the last one is marked: dropped,
/// swapped or missing frames are detected.</summary>
internal sealed class SnapshotWriteStream(Stream target, LogCipher cipher, ulong index, ulong term) : Stream
{
    /// <summary>Bytes of plaintext in every frame but the last.</summary>
    public const int FrameSize = 256 * 1024;

    private readonly byte[] _frame = new byte[FrameSize];
    private int _used;
    private ulong _number;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_used == FrameSize)
            {
                WriteFrame(LogCipher.Kind.SnapshotFrame);
            }
            var count = Math.Min(buffer.Length, FrameSize - _used);
            buffer[..count].CopyTo(_frame.AsSpan(_used));
            _used += count;
            buffer = buffer[count..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Writes the last frame. Without it the snapshot does not count.</summary>
    public void Complete() => WriteFrame(LogCipher.Kind.LastSnapshotFrame);

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void WriteFrame(LogCipher.Kind kind)
    {
        var message = cipher.Seal(kind, index, term, _number++, _frame.AsSpan(0, _used));
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, message.Length);
        target.Write(length);
        target.Write(message);
        _used = 0;
    }
}

/// <summary>Reads the frames of <see cref="SnapshotWriteStream"/>.</summary>
/// <exception cref="InvalidDataException">A frame is damaged, missing or foreign.</exception>
internal sealed class SnapshotReadStream(Stream source, LogCipher cipher, ulong index, ulong term) : Stream
{
    private byte[] _frame = [];
    private int _read;
    private ulong _number;
    private bool _last;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        while (_read == _frame.Length)
        {
            if (_last)
            {
                return 0;
            }
            ReadFrame();
        }
        var count = Math.Min(buffer.Length, _frame.Length - _read);
        _frame.AsSpan(_read, count).CopyTo(buffer);
        _read += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void ReadFrame()
    {
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        if (source.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
        {
            throw new InvalidDataException($"it ends before frame {_number}");
        }
        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length is < LogCipher.Overhead or > SnapshotWriteStream.FrameSize + LogCipher.Overhead)
        {
            throw new InvalidDataException($"frame {_number} has an impossible length");
        }
        var message = new byte[length];
        if (source.ReadAtLeast(message, length, throwOnEndOfStream: false) < length)
        {
            throw new InvalidDataException($"it ends within frame {_number}");
        }
        if (cipher.TryOpen(LogCipher.Kind.SnapshotFrame, index, term, _number, message) is { } frame)
        {
            _frame = frame;
        }
        else if (cipher.TryOpen(LogCipher.Kind.LastSnapshotFrame, index, term, _number, message) is { } last)
        {
            _frame = last;
            _last = true;
            if (source.ReadByte() >= 0)
            {
                throw new InvalidDataException("something follows its last frame");
            }
        }
        else
        {
            throw new InvalidDataException($"frame {_number} is damaged or not this swarm's");
        }
        _read = 0;
        _number++;
    }
}
