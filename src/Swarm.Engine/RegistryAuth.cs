using System.Buffers;
using System.Text.Json;
using Swarm.Core.Model;

namespace Swarm.Engine;

/// <summary>The header with a registry's credentials: base64url of JSON. Source: Docker Engine API, "Authentication".</summary>
public static class RegistryAuth
{
    public static string Encode(RegistryCredential? credential)
    {
        if (credential is null)
        {
            return "";
        }
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("username", credential.Username);
            json.WriteString("password", credential.Password);
            json.WriteString("serveraddress", credential.ServerAddress);
            json.WriteEndObject();
        }
        return Convert.ToBase64String(buffer.WrittenSpan).Replace('+', '-').Replace('/', '_');
    }
}
