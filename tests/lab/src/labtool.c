/*
 * The one program in the test images, linked statically. What it does follows from the name it is called by:
 *
 *   web [PORT]                     HTTP server: "HOSTNAME node=$NODE version=$VERSION" to every request
 *   redis-server [--version]       answers PING, INFO and QUIT as Redis does; its version is $REDIS_VERSION
 *   redis-cli [-h HOST] [-p PORT] COMMAND
 *   hget HOST [PORT] [TIMES]       HTTP GETs, one connection each; prints the bodies
 *   lookup NAME                    all IPv4 addresses of a name, as the C library finds them
 *
 * The clients are here because the static busybox of Debian crashes when it resolves a name.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char *env_or(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static void set_timeout(int fd, int seconds)
{
    struct timeval t = {.tv_sec = seconds};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

static void send_text(int fd, const char *text)
{
    size_t left = strlen(text);
    ssize_t n;
    while (left > 0 && (n = send(fd, text, left, MSG_NOSIGNAL)) > 0) {
        text += n;
        left -= (size_t)n;
    }
}

/* Process 1 of a container gets no default action for a signal: without a handler it would not stop on SIGTERM. */
static void stop(int sig)
{
    (void)sig;
    _exit(0);
}

/* Serves each connection in a process of its own, so that a silent client keeps nobody waiting. */
static int serve(int port, const char *greeting, void (*answer)(int fd))
{
    int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};

    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    signal(SIGCHLD, SIG_IGN); /* no zombies */
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s, (struct sockaddr *)&a, sizeof a) || listen(s, 512)) {
        perror("cannot listen");
        return 1;
    }
    printf("%s, port %d\n", greeting, port);
    fflush(stdout);
    for (;;) {
        int fd = accept(s, NULL, NULL);
        if (fd < 0)
            continue;
        if (fork() == 0) {
            close(s);
            set_timeout(fd, 10);
            answer(fd);
            _exit(0);
        }
        close(fd);
    }
}

static void web_answer(int fd)
{
    char request[4096], host[256] = "", body[512], reply[768];

    if (recv(fd, request, sizeof request, 0) <= 0)
        return;
    gethostname(host, sizeof host - 1);
    snprintf(body, sizeof body, "%s node=%s version=%s\n", host, env_or("NODE", "-"), env_or("VERSION", "-"));
    snprintf(reply, sizeof reply, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
             strlen(body), body);
    send_text(fd, reply);
}

/* Commands come as plain lines or as arrays of strings ("*1\r\n$4\r\nPING\r\n"); the lines that only count are skipped. */
static void redis_answer(int fd)
{
    char line[512];
    FILE *in = fdopen(fd, "r");

    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\r\n")] = 0;
        if (!*line || *line == '*' || *line == '$')
            continue;
        if (!strcasecmp(line, "PING")) {
            send_text(fd, "+PONG\r\n");
        } else if (!strncasecmp(line, "INFO", 4)) {
            char host[256] = "", info[512], reply[600];
            gethostname(host, sizeof host - 1);
            snprintf(info, sizeof info, "# Server\r\nredis_version:%s\r\nhostname:%s\r\n", env_or("REDIS_VERSION", "unknown"), host);
            snprintf(reply, sizeof reply, "$%zu\r\n%s\r\n", strlen(info), info);
            send_text(fd, reply);
        } else if (!strcasecmp(line, "QUIT")) {
            send_text(fd, "+OK\r\n");
            return;
        } else {
            send_text(fd, "-ERR unknown command\r\n");
        }
    }
}

static struct addrinfo *resolve(const char *name, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET}, *found = NULL;
    int error = getaddrinfo(name, port, &hints, &found);

    if (error) {
        fprintf(stderr, "%s: %s\n", name, gai_strerror(error));
        return NULL;
    }
    return found;
}

/* Sends the request and reads until the other side closes; the answer's length, or -1. */
static ssize_t ask(const char *host, const char *port, const char *request, char *reply, size_t size)
{
    struct addrinfo *address = resolve(host, port);
    size_t length = 0;
    ssize_t n = -1;
    int fd;

    if (!address)
        return -1;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    set_timeout(fd, 3);
    if (connect(fd, address->ai_addr, address->ai_addrlen)) {
        perror("cannot connect");
    } else {
        send_text(fd, request);
        while (length < size - 1 && (n = recv(fd, reply + length, size - 1 - length, 0)) > 0)
            length += (size_t)n;
        if (n < 0 && length == 0)
            perror("no answer");
    }
    reply[length] = 0;
    close(fd);
    freeaddrinfo(address);
    return length > 0 ? (ssize_t)length : -1;
}

static int web(int argc, char **argv)
{
    char greeting[128];
    snprintf(greeting, sizeof greeting, "web version %s", env_or("VERSION", "-"));
    return serve(argc > 1 ? atoi(argv[1]) : 80, greeting, web_answer);
}

static int redis_server(int argc, char **argv)
{
    char greeting[128];

    if (argc > 1 && !strcmp(argv[1], "--version")) {
        printf("Redis server v=%s\n", env_or("REDIS_VERSION", "unknown"));
        return 0;
    }
    snprintf(greeting, sizeof greeting, "Redis server v=%s", env_or("REDIS_VERSION", "unknown"));
    return serve(6379, greeting, redis_answer);
}

static int redis_cli(int argc, char **argv)
{
    const char *host = "127.0.0.1", *port = "6379", *text;
    char request[256], reply[4096];
    int option;

    while ((option = getopt(argc, argv, "h:p:")) != -1) {
        if (option == 'h')
            host = optarg;
        else if (option == 'p')
            port = optarg;
        else
            return 2;
    }
    snprintf(request, sizeof request, "%s\r\nQUIT\r\n", optind < argc ? argv[optind] : "PING");
    if (ask(host, port, request, reply, sizeof reply) < 0)
        return 1;
    text = reply;
    if (*text == '$') { /* a string of many lines: its length comes first */
        text = strstr(text, "\r\n");
        text = text ? text + 2 : reply;
    } else if (*text == '+') {
        text++;
    }
    char *rest = strstr(reply, "\r\n+OK\r\n"); /* the answer to QUIT */
    if (rest)
        *rest = 0;
    puts(text);
    return *reply == '-';
}

static int hget(int argc, char **argv)
{
    int times = argc > 3 ? atoi(argv[3]) : 1, failed = 0;
    char reply[8192];

    if (argc < 2) {
        fputs("usage: hget HOST [PORT] [TIMES]\n", stderr);
        return 2;
    }
    while (times-- > 0) {
        char *body;
        if (ask(argv[1], argc > 2 ? argv[2] : "80", "GET / HTTP/1.0\r\n\r\n", reply, sizeof reply) < 0) {
            failed = 1;
            continue;
        }
        body = strstr(reply, "\r\n\r\n");
        fputs(body ? body + 4 : reply, stdout);
    }
    return failed;
}

static int lookup(int argc, char **argv)
{
    struct addrinfo *found = argc > 1 ? resolve(argv[1], NULL) : NULL;

    if (!found)
        return 1;
    for (struct addrinfo *a = found; a; a = a->ai_next) {
        char text[64];
        if (!getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST))
            puts(text);
    }
    freeaddrinfo(found);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int, char **);
    } tools[] = {{"web", web}, {"redis-server", redis_server}, {"redis-cli", redis_cli}, {"hget", hget}, {"lookup", lookup}};
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];

    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (!strcmp(name, tools[i].name))
            return tools[i].run(argc, argv);
    fprintf(stderr, "%s: call me web, redis-server, redis-cli, hget or lookup\n", name);
    return 2;
}
