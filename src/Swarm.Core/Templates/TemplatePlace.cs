namespace Swarm.Core.Templates;

/// <summary>Where in a container's spec a template is.</summary>
/// <param name="Name">For a person, at the beginning of a sentence.</param>
/// <param name="Target">The target of an error.</param>
/// <param name="MayBeSecret">Errors do not repeat the text.</param>
internal sealed record TemplatePlace(string Name, string Target, bool MayBeSecret = false);
