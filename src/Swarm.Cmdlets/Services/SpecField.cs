using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Swarm.Cmdlets.Services;

/// <summary>A field of a service's spec, found by its path.</summary>
internal sealed class SpecField
{
    private readonly FieldDescriptor[] _parents;

    /// <exception cref="ArgumentException">There is no such field.</exception>
    public SpecField(string path)
    {
        Path = path;
        var names = path.Split('.');
        var message = V1.ServiceSpec.Descriptor;
        _parents = new FieldDescriptor[names.Length - 1];
        for (var i = 0; i < _parents.Length; i++)
        {
            _parents[i] = Find(message, names[i]);
            message = _parents[i].MessageType;
        }
        Descriptor = Find(message, names[^1]);
    }

    public string Path { get; }

    public FieldDescriptor Descriptor { get; }

    /// <summary>The value: a number, a text, a message, a <c>RepeatedField</c> or a <c>MapField</c>. Null below a message that is absent.</summary>
    public object? Get(V1.ServiceSpec spec)
    {
        IMessage? owner = spec;
        foreach (var parent in _parents)
        {
            owner = owner is null ? null : (IMessage?)parent.Accessor.GetValue(owner);
        }
        return owner is null ? null : Descriptor.Accessor.GetValue(owner);
    }

    /// <summary>As <see cref="Get"/>; messages on the way to the field are made if need be.</summary>
    public object Open(V1.ServiceSpec spec) => Descriptor.Accessor.GetValue(Owner(spec));

    public void Set(V1.ServiceSpec spec, object value) => Descriptor.Accessor.SetValue(Owner(spec), value);

    private IMessage Owner(V1.ServiceSpec spec)
    {
        IMessage owner = spec;
        foreach (var parent in _parents)
        {
            if (parent.Accessor.GetValue(owner) is not IMessage child)
            {
                child = parent.MessageType.Parser.ParseFrom(ByteString.Empty);
                parent.Accessor.SetValue(owner, child);
            }
            owner = child;
        }
        return owner;
    }

    private static FieldDescriptor Find(MessageDescriptor message, string name) =>
        message.FindFieldByName(name) ?? throw new ArgumentException($"{message.Name} has no field '{name}'.");
}
