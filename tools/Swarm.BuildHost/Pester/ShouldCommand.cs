using System.Collections;
using System.Management.Automation;

namespace Swarm.BuildHost.Pester;

/// <summary>Pester's Should, for the operators that our tests use. Another operator is an unknown parameter, and fails the test.</summary>
[Cmdlet(VerbsLifecycle.Assert, "Should", DefaultParameterSetName = "None")]
[Alias("Should")]
public sealed class ShouldCommand : PSCmdlet
{
    private readonly List<object?> _items = [];
    private bool _fromPipeline;

    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public object? ActualValue { get; set; }

    [Parameter(Position = 0)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public object? ExpectedValue { get; set; }

    [Parameter]
    public SwitchParameter Not { get; set; }

    [Parameter]
    public string? Because { get; set; }

    [Parameter(ParameterSetName = "Be")]
    public SwitchParameter Be { get; set; }

    [Parameter(ParameterSetName = "BeExactly")]
    public SwitchParameter BeExactly { get; set; }

    [Parameter(ParameterSetName = "BeNullOrEmpty")]
    public SwitchParameter BeNullOrEmpty { get; set; }

    [Parameter(ParameterSetName = "BeTrue")]
    public SwitchParameter BeTrue { get; set; }

    [Parameter(ParameterSetName = "BeFalse")]
    public SwitchParameter BeFalse { get; set; }

    [Parameter(ParameterSetName = "BeLike")]
    public SwitchParameter BeLike { get; set; }

    [Parameter(ParameterSetName = "Match")]
    public SwitchParameter Match { get; set; }

    [Parameter(ParameterSetName = "BeGreaterThan")]
    public SwitchParameter BeGreaterThan { get; set; }

    [Parameter(ParameterSetName = "BeLessThan")]
    public SwitchParameter BeLessThan { get; set; }

    [Parameter(ParameterSetName = "BeGreaterOrEqual")]
    public SwitchParameter BeGreaterOrEqual { get; set; }

    [Parameter(ParameterSetName = "BeLessOrEqual")]
    public SwitchParameter BeLessOrEqual { get; set; }

    [Parameter(ParameterSetName = "Contain")]
    public SwitchParameter Contain { get; set; }

    [Parameter(ParameterSetName = "BeIn")]
    public SwitchParameter BeIn { get; set; }

    [Parameter(ParameterSetName = "HaveCount")]
    public SwitchParameter HaveCount { get; set; }

    [Parameter(ParameterSetName = "BeOfType")]
    public SwitchParameter BeOfType { get; set; }

    [Parameter(ParameterSetName = "Exist")]
    public SwitchParameter Exist { get; set; }

    [Parameter(ParameterSetName = "Throw")]
    public SwitchParameter Throw { get; set; }

    [Parameter(ParameterSetName = "Throw")]
    public string? ExpectedMessage { get; set; }

    [Parameter(ParameterSetName = "Throw")]
    public string? ErrorId { get; set; }

    [Parameter(ParameterSetName = "Throw")]
    public Type? ExceptionType { get; set; }

    [Parameter(ParameterSetName = "Throw")]
    public SwitchParameter PassThru { get; set; }

    protected override void BeginProcessing() => _fromPipeline = MyInvocation.ExpectingInput;

    protected override void ProcessRecord()
    {
        if (_fromPipeline)
        {
            _items.Add(ActualValue);
        }
    }

    protected override void EndProcessing()
    {
        var items = _fromPipeline ? _items : Items(ActualValue);
        object? actual =
            !_fromPipeline ? ActualValue
            : _items.Count == 1 ? _items[0]
            : _items.Count == 0 ? null
            : _items.ToArray();
        var (holds, wanted) = ParameterSetName switch
        {
            "Be" => (ShouldComparison.Same(actual, ExpectedValue, exactly: false), $"be {Show(ExpectedValue)}"),
            "BeExactly" => (ShouldComparison.Same(actual, ExpectedValue, exactly: true), $"be exactly {Show(ExpectedValue)}"),
            "BeNullOrEmpty" => (ShouldComparison.IsNullOrEmpty(actual), "be null or empty"),
            "BeTrue" => (LanguagePrimitives.IsTrue(actual), "be true"),
            "BeFalse" => (!LanguagePrimitives.IsTrue(actual), "be false"),
            "BeLike" or "Match" when items.Count > 1 => (false, "be one value to match"),
            "BeLike" => (Like(actual), $"be like {Show(ExpectedValue)}"),
            "Match" => (MatchesRegex(actual), $"match {Show(ExpectedValue)}"),
            "BeGreaterThan" => (LanguagePrimitives.Compare(actual, ExpectedValue) > 0, $"be greater than {Show(ExpectedValue)}"),
            "BeLessThan" => (LanguagePrimitives.Compare(actual, ExpectedValue) < 0, $"be less than {Show(ExpectedValue)}"),
            "BeGreaterOrEqual" => (LanguagePrimitives.Compare(actual, ExpectedValue) >= 0, $"be at least {Show(ExpectedValue)}"),
            "BeLessOrEqual" => (LanguagePrimitives.Compare(actual, ExpectedValue) <= 0, $"be at most {Show(ExpectedValue)}"),
            "Contain" => (items.Any(i => LanguagePrimitives.Equals(i, ExpectedValue, ignoreCase: true)), $"contain {Show(ExpectedValue)}"),
            "BeIn" => (
                Items(ExpectedValue).Any(i => LanguagePrimitives.Equals(i, actual, ignoreCase: true)),
                $"be in {Show(ExpectedValue)}"
            ),
            "HaveCount" => (
                items.Count == LanguagePrimitives.ConvertTo<int>(ExpectedValue),
                $"have {Show(ExpectedValue)} items, has {items.Count}:"
            ),
            "BeOfType" => (IsOfType(actual), $"be of type {Show(ExpectedValue)}"),
            "Exist" => (File.Exists($"{actual}") || Directory.Exists($"{actual}"), "exist"),
            "Throw" => ThrowHolds(actual),
            _ => throw new PSInvalidOperationException($"Should -{ParameterSetName} is not implemented by this runner."),
        };
        if (holds == Not.IsPresent)
        {
            var because = string.IsNullOrEmpty(Because) ? "" : $", because {Because}";
            throw new ShouldException($"Expected {Show(actual)} to {(Not ? "not " : "")}{wanted}{because}.");
        }
    }

    private static List<object?> Items(object? value) =>
        value switch
        {
            null => [null],
            PSObject { BaseObject: IEnumerable inner } when inner is not (string or IDictionary) => [.. inner.Cast<object?>()],
            string or IDictionary => [value],
            IEnumerable list => [.. list.Cast<object?>()],
            _ => [value],
        };

    private static string Show(object? value) =>
        value switch
        {
            null => "$null",
            PSObject p => Show(p.BaseObject is PSCustomObject ? p.ToString() : p.BaseObject),
            string s => $"'{s}'",
            bool b => b ? "$true" : "$false",
            ScriptBlock => "the script block",
            IEnumerable list => "@(" + string.Join(", ", list.Cast<object?>().Select(Show)) + ")",
            _ => LanguagePrimitives.ConvertTo<string>(value),
        };

    private bool Like(object? actual) =>
        new WildcardPattern(LanguagePrimitives.ConvertTo<string>(ExpectedValue), WildcardOptions.IgnoreCase).IsMatch(
            LanguagePrimitives.ConvertTo<string>(actual) ?? ""
        );

    private bool MatchesRegex(object? actual) =>
        System.Text.RegularExpressions.Regex.IsMatch(
            LanguagePrimitives.ConvertTo<string>(actual) ?? "",
            LanguagePrimitives.ConvertTo<string>(ExpectedValue),
            System.Text.RegularExpressions.RegexOptions.IgnoreCase
        );

    private bool IsOfType(object? actual)
    {
        var type = ExpectedValue switch
        {
            Type t => t,
            PSObject { BaseObject: Type t } => t,
            _ => LanguagePrimitives.ConvertTo<Type>(LanguagePrimitives.ConvertTo<string>(ExpectedValue).Trim('[', ']')),
        };
        return type.IsInstanceOfType(actual is PSObject p && type != typeof(PSObject) ? p.BaseObject : actual);
    }

    private (bool Holds, string Wanted) ThrowHolds(object? actual)
    {
        if ((actual is PSObject p ? p.BaseObject : actual) is not ScriptBlock block)
        {
            throw new ShouldException("Should -Throw takes a script block: { … } | Should -Throw.");
        }
        var message = ExpectedMessage ?? (ExpectedValue is null ? null : LanguagePrimitives.ConvertTo<string>(ExpectedValue));
        ErrorRecord? error = null;
        try
        {
            InvokeCommand.InvokeScript(false, block, null);
        }
        catch (RuntimeException e)
        {
            error = e.ErrorRecord;
        }
        var wanted = "throw";
        if (message is not null)
        {
            wanted += $" a message like '{message}'";
        }
        if (ErrorId is not null)
        {
            wanted += $" with error id '{ErrorId}'";
        }
        if (error is null)
        {
            return (false, wanted);
        }
        // As Pester does: the exception's own message, not the details that a host shows instead of it; and the whole of it, by -like.
        var said = error.Exception.Message;
        var holds =
            (message is null || new WildcardPattern(message, WildcardOptions.IgnoreCase).IsMatch(said))
            && (ErrorId is null || new WildcardPattern(ErrorId, WildcardOptions.IgnoreCase).IsMatch(error.FullyQualifiedErrorId))
            && (ExceptionType is null || ExceptionType.IsInstanceOfType(error.Exception));
        if (holds && PassThru && !Not)
        {
            WriteObject(error);
        }
        return (holds, $"{wanted}; it threw '{said}' ({error.FullyQualifiedErrorId})");
    }
}
