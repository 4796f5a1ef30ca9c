using System.Collections;

namespace Swarm.Cmdlets.Tests.Texts;

/// <summary>Objects of the module whose every text commands the terminal that shows it.</summary>
internal static class HostileText
{
    /// <summary>A colour, a window title, a line of its own, a carriage return, C1, a direction, a line separator, DEL. A space without width and a tag.</summary>
    public const string Value = "a\e[31m\e]0;mine\a\nFAKE\rb\u009b32m\u202Ec\u2028d\u007fe\u200Bf\U000E0041";

    /// <summary>An object with that value in all texts, lists, maps and objects below it.</summary>
    /// <param name="type">A type of the module.</param>
    /// <param name="set">Flags, numbers and words are set; else they have their defaults.</param>
    public static object Make(Type type, bool set)
    {
        var made = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties().Where(p => p.CanWrite))
        {
            property.SetValue(made, ValueOf(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, set));
        }
        return made;
    }

    private static object ValueOf(Type type, bool set)
    {
        if (type == typeof(string))
        {
            return Value;
        }
        if (type.IsArray)
        {
            var array = Array.CreateInstance(type.GetElementType()!, 2);
            array.SetValue(ValueOf(type.GetElementType()!, set), 0);
            array.SetValue(ValueOf(type.GetElementType()!, set), 1);
            return array;
        }
        if (typeof(IDictionary).IsAssignableFrom(type))
        {
            return new Dictionary<string, string> { [Value] = Value };
        }
        if (type.IsEnum)
        {
            return set ? System.Enum.GetValues(type).Cast<object>().Last() : System.Enum.ToObject(type, 0);
        }
        if (type == typeof(bool))
        {
            return set;
        }
        if (type == typeof(DateTime))
        {
            return DateTime.UtcNow;
        }
        if (type == typeof(TimeSpan))
        {
            return TimeSpan.FromSeconds(set ? 5 : 0);
        }
        return type.IsPrimitive
            ? Convert.ChangeType(set ? 1 : 0, type, System.Globalization.CultureInfo.InvariantCulture)
            : Make(type, set);
    }
}
