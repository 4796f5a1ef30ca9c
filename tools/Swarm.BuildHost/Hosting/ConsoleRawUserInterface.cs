using System.Management.Automation.Host;

namespace Swarm.BuildHost.Hosting;

/// <summary>Sizes and colours; where there is no terminal, a fixed width that tables fit into.</summary>
internal sealed class ConsoleRawUserInterface : PSHostRawUserInterface
{
    private const int WidthWithoutTerminal = 120;

    /// <summary>In place of the terminal's.</summary>
    public int? Width { get; set; }

    public override Size BufferSize
    {
        get => new(Width ?? (Console.IsOutputRedirected || Console.BufferWidth <= 0 ? WidthWithoutTerminal : Console.BufferWidth), 50);
        set { }
    }

    public override Size WindowSize
    {
        get => BufferSize;
        set { }
    }

    public override Size MaxWindowSize => BufferSize;

    public override Size MaxPhysicalWindowSize => BufferSize;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override Coordinates CursorPosition { get; set; }

    public override int CursorSize { get; set; } = 1;

    public override Coordinates WindowPosition { get; set; }

    public override string WindowTitle { get; set; } = "Swarm";

    public override bool KeyAvailable => !Console.IsInputRedirected && Console.KeyAvailable;

    public override KeyInfo ReadKey(ReadKeyOptions options)
    {
        var key = Console.ReadKey(intercept: (options & ReadKeyOptions.NoEcho) != 0);
        return new KeyInfo((int)key.Key, key.KeyChar, 0, keyDown: true);
    }

    public override void FlushInputBuffer() { }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => new BufferCell[0, 0];

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) { }

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) { }

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) { }
}
