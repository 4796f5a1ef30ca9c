namespace Swarm.Daemon.Tests.Selection;

internal enum SelectedKind
{
    Node,
    Service,
    Task,
    TaskOrService,
    Network,
}
