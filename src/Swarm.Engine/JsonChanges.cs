using System.Text.Json.Nodes;
using Swarm.Core.Model;

namespace Swarm.Engine;

/// <summary>Writes a value into the engine's JSON if it differs from the one before. Empty texts and lists are removed, as the engine does.</summary>
public static class JsonChanges
{
    public static void ChangeText(this JsonObject raw, string name, string before, string after)
    {
        if (before != after)
        {
            Put(raw, name, after.Length > 0 ? JsonValue.Create(after) : null);
        }
    }

    public static void ChangeTexts(this JsonObject raw, string name, ValueList<string> before, ValueList<string> after)
    {
        if (before != after)
        {
            Put(raw, name, after.Count > 0 ? Json.Array(after) : null);
        }
    }

    /// <summary>An empty map is written: it takes labels away.</summary>
    public static void ChangeMap(this JsonObject raw, string name, ValueMap before, ValueMap after)
    {
        if (before != after)
        {
            raw[name] = Json.Object(after);
        }
    }

    public static void ChangeFlag(this JsonObject raw, string name, bool before, bool after)
    {
        if (before != after)
        {
            raw[name] = after;
        }
    }

    public static void ChangeDuration(this JsonObject raw, string name, TimeSpan? before, TimeSpan after)
    {
        if (before != after)
        {
            raw[name] = Json.Nanoseconds(after);
        }
    }

    public static void ChangeNumber(this JsonObject raw, string name, long? before, long after)
    {
        if (before != after)
        {
            raw[name] = after;
        }
    }

    public static void ChangeNumber(this JsonObject raw, string name, ulong? before, ulong after)
    {
        if (before != after)
        {
            raw[name] = after;
        }
    }

    private static void Put(JsonObject raw, string name, JsonNode? value)
    {
        if (value is null)
        {
            raw.Remove(name);
        }
        else
        {
            raw[name] = value;
        }
    }
}
