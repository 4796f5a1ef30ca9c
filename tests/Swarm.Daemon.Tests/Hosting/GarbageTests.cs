using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Swarm.Daemon.Tests.Agent;
using Swarm.Security;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Peers on the local socket and on the cluster port that do not speak the protocol, or speak it wrongly. They are refused, and
/// swarmd goes on.</summary>
public sealed class GarbageTests : IAsyncLifetime
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static b => b, static b => b);

    private TestDaemon _manager = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _manager = await TestDaemon.StartManagerAsync();

    public ValueTask DisposeAsync() => _manager.DisposeAsync();

    private static Dictionary<string, byte[]> Noises { get; } =
        new()
        {
            ["nothing"] = [],
            ["zeros"] = new byte[100_000],
            ["text"] = "let me in\r\n\r\n"u8.ToArray(),
            ["http1"] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(),
            ["half a preface"] = "PRI * HTTP/2.0\r\n"u8.ToArray(),
            ["a preface and nonsense"] = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), .. Enumerable.Repeat((byte)0xff, 5000)],
            // A frame of 16 MB in length, announced and never sent.
            ["a preface and a huge frame"] =
            [
                .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(),
                0xff,
                0xff,
                0xff,
                0,
                0,
                0,
                0,
                0,
                1,
                1,
                2,
                3,
            ],
            ["a TLS greeting cut off"] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc],
        };

    public static TheoryData<string> Noise => [.. Noises.Keys];

    /// <summary>Sends noise, ends the sending side, and reads until the other side has closed.</summary>
    private static async Task SendAsync(Stream stream, byte[] noise, Action endOfSending)
    {
        try
        {
            await stream.WriteAsync(noise, Cancel);
            endOfSending();
            var buffer = new byte[4096];
            while (await Deadline.WaitAsync(stream.ReadAsync(buffer, Cancel), "the other side to hang up") > 0) { }
        }
        catch (IOException)
        {
            // A reset is an answer, too.
        }
    }

    [Theory]
    [MemberData(nameof(Noise))]
    public async Task Noise_on_the_local_socket_is_hung_up_on(string noise)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_manager.Options.Socket), Cancel);
        await using var stream = new NetworkStream(socket);
        await SendAsync(stream, Noises[noise], () => socket.Shutdown(SocketShutdown.Send));
        await _manager.AssertWorksAsync();
    }

    [Theory]
    [MemberData(nameof(Noise))]
    public async Task Plain_noise_on_the_cluster_port_is_hung_up_on(string noise)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(_manager.Address), Cancel);
        await SendAsync(client.GetStream(), Noises[noise], () => client.Client.Shutdown(SocketShutdown.Send));
        await _manager.AssertWorksAsync();
    }

    [Theory]
    [MemberData(nameof(Noise))]
    public async Task Noise_within_TLS_is_hung_up_on(string noise)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(_manager.Address), Cancel);
        await using var tls = new SslStream(client.GetStream());
        // Without ALPN, the server speaks HTTP/2 or nothing.
        await tls.AuthenticateAsClientAsync(ClusterTls.ClientOptions(static _ => true, null), Cancel);
        await SendAsync(tls, Noises[noise], () => client.Client.Shutdown(SocketShutdown.Send));
        await _manager.AssertWorksAsync();
    }

    [Theory]
    [InlineData("http/1.1")]
    [InlineData("swarm-raft/9")]
    [InlineData("x")]
    public async Task A_protocol_that_is_not_spoken_here_ends_the_handshake(string protocol)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(_manager.Address), Cancel);
        await using var tls = new SslStream(client.GetStream());
        var options = ClusterTls.ClientOptions(static _ => true, null);
        options.ApplicationProtocols = [new SslApplicationProtocol(protocol)];
        var e = await Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync(options, Cancel));
        Assert.True(e is System.Security.Authentication.AuthenticationException or IOException, e?.ToString());
        await _manager.AssertWorksAsync();
    }

    // -- well-formed HTTP/2 with wrong content

    private HttpClient Http(bool local)
    {
        var handler = new SocketsHttpHandler();
        if (local)
        {
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(_manager.Options.Socket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }
        else
        {
            handler.SslOptions = ClusterTls.ClientOptions(static _ => true, _manager.Issue("tester", CertificateRole.Admin));
        }
        return new HttpClient(handler)
        {
            BaseAddress = new Uri(local ? "http://localhost" : $"https://{_manager.Address}"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    private static ByteArrayContent Grpc(byte[] body, string type = "application/grpc")
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    /// <summary>A gRPC message: a flag, four bytes of length, and that much.</summary>
    private static byte[] Framed(byte[] message, byte flag = 0, int? length = null)
    {
        var framed = new byte[5 + message.Length];
        framed[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), length ?? message.Length);
        message.CopyTo(framed, 5);
        return framed;
    }

    private static async Task<StatusCode?> StatusAsync(HttpClient client, string path, HttpContent content)
    {
        using var response = await client.PostAsync(path, content, Cancel);
        await response.Content.ReadAsByteArrayAsync(Cancel);
        var value =
            response.TrailingHeaders.TryGetValues("grpc-status", out var trailing) ? trailing.Single()
            : response.Headers.TryGetValues("grpc-status", out var leading) ? leading.Single()
            : null;
        return value is null ? null : (StatusCode)int.Parse(value);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Calls_that_are_malformed_are_refused_with_a_status(bool local)
    {
        using var client = Http(local);
        const string Create = "/swarm.v1.Services/CreateService";
        // Not gRPC at all.
        using (var web = await client.GetAsync("/", Cancel))
        {
            Assert.Equal(HttpStatusCode.NotFound, web.StatusCode);
        }
        using (var form = await client.PostAsync(Create, new StringContent("name=web"), Cancel))
        {
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        }
        Assert.Equal(StatusCode.Unimplemented, await StatusAsync(client, "/swarm.v1.Services/Destroy", Grpc(Framed([]))));
        Assert.Equal(StatusCode.Unimplemented, await StatusAsync(client, "/swarm.v2.Control/GetDaemon", Grpc(Framed([]))));
        foreach (
            var body in new[]
            {
                [],
                [0],
                // Half a header, a length without its bytes, a length that is negative.
                [0, 0, 0],
                Framed([1, 2, 3], length: 100),
                Framed([1, 2, 3], length: -1),
                // Compressed, which was not negotiated.
                Framed([1, 2, 3], flag: 1),
                Framed([1, 2, 3], flag: 7),
                // Invalid protobuf: a truncated field, a wrong wire type, a group that never ends, text that is not UTF-8.
                Framed([0x0a]),
                Framed([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
                Framed([0x0f]),
                Framed([0x0b, 0x0b, 0x0b]),
                Framed([0x0a, 2, 0xc3, 0x28]),
                Framed(Encoding.UTF8.GetBytes(new string('x', 1000))),
                // Two messages where one is expected.
                [.. Framed([]), .. Framed([])],
            }
        )
        {
            var status = await StatusAsync(client, Create, Grpc(body));
            Assert.True(
                status is StatusCode.Unimplemented or StatusCode.InvalidArgument or StatusCode.ResourceExhausted,
                $"{Convert.ToHexString(body.AsSpan(0, Math.Min(body.Length, 20)))}: {status}"
            );
        }
        await _manager.AssertWorksAsync();
        using var services = _manager.Control.Services.ListServices(new(), cancellationToken: Cancel);
        Assert.Empty(await Deadline.WaitAsync(services.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel), "the list of services"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_that_is_too_large_is_refused_before_it_is_read(bool local)
    {
        using var certificate = _manager.Issue("tester", CertificateRole.Admin);
        using var channel = local ? ScriptedDispatcher.Connect(_manager.Options.Socket) : _manager.Connect(certificate);
        var invoker = channel.CreateCallInvoker();
        var method = new Method<byte[], byte[]>(MethodType.Unary, "swarm.v1.Services", "CreateService", Bytes, Bytes);
        var large = new V1.CreateServiceRequest
        {
            Spec = new V1.ServiceSpec
            {
                Name = "web",
                Container = new V1.ContainerSpec { Image = "alpine" },
            },
        };
        large.Spec.Labels["padding"] = new string('x', ClusterChannel.MaxMessageSize);
        var e = await Assert.ThrowsAsync<RpcException>(() =>
            invoker.AsyncUnaryCall(method, null, new CallOptions(cancellationToken: Cancel), large.ToByteArray()).ResponseAsync
        );
        Assert.Equal((StatusCode.ResourceExhausted, "RequestTooLarge"), (e.StatusCode, e.Trailers.GetValue("swarm-error-id")));
        Assert.Contains("4 MB", e.Status.Detail, StringComparison.Ordinal);
        Assert.StartsWith("Make it smaller", e.Trailers.GetValue("swarm-action"), StringComparison.Ordinal);
        // Only the announced length is large: 2 GB less one byte.
        using var client = Http(local);
        Assert.Equal(
            StatusCode.ResourceExhausted,
            await StatusAsync(client, "/swarm.v1.Services/CreateService", Grpc(Framed([1, 2, 3], length: int.MaxValue)))
        );
        // A message that is just small enough is read, and refused for its content.
        large.Spec.Labels["padding"] = new string('x', ClusterChannel.MaxMessageSize - 1000);
        await TestDaemon.RefusedAsync(
            "SpecTooLarge",
            () => invoker.AsyncUnaryCall(method, null, new CallOptions(cancellationToken: Cancel), large.ToByteArray()).ResponseAsync
        );
        await _manager.AssertWorksAsync();
    }

    [Fact]
    public async Task Headers_that_never_end_are_cut_off()
    {
        using var client = Http(local: true);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/swarm.v1.Daemon/GetDaemon") { Content = Grpc(Framed([])) };
        request.Version = HttpVersion.Version20;
        request.Headers.Add("x-padding", new string('x', 1_000_000));
        var refused = await Record.ExceptionAsync(async () =>
        {
            using var response = await client.SendAsync(request, Cancel);
            // Either may come: it depends on whether the web server knows the size of all headers or only of a part when it gives up.
            Assert.True(
                response.StatusCode is HttpStatusCode.RequestHeaderFieldsTooLarge or HttpStatusCode.BadRequest,
                $"{response.StatusCode}"
            );
        });
        Assert.True(refused is null or HttpRequestException, refused?.ToString());
        await _manager.AssertWorksAsync();
    }

    [Fact]
    public async Task Many_peers_that_connect_and_say_nothing_keep_nobody_out()
    {
        var silent = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                var client = new TcpClient();
                silent.Add(client);
                await client.ConnectAsync(IPEndPoint.Parse(_manager.Address), Cancel);
            }
            await _manager.AssertWorksAsync();
        }
        finally
        {
            silent.ForEach(static c => c.Dispose());
        }
    }
}
