"""relay.py PID ADDRESS PORT READY: an HTTP proxy for the throw-away machines of hosts.sh. It listens in the network namespace of PID and fetches from here,
so that a package manager there reaches its repositories, and nothing of this machine's own network is changed. READY is made when it listens."""

import ctypes
import http.client
import http.server
import os
import socketserver
import sys
import urllib.error
import urllib.request

CLONE_NEWNET = 0x40000000
KEPT = ("Content-Length", "Content-Type", "Last-Modified", "Location")


def enter(path):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "rb") as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {path}")


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        asked = urllib.request.Request(self.path)
        for name in ("If-Modified-Since", "User-Agent"):
            if name in self.headers:
                asked.add_header(name, self.headers[name])
        try:
            answer = urllib.request.urlopen(asked, timeout=60)
        except urllib.error.HTTPError as refused:
            answer = refused
        except (OSError, http.client.HTTPException) as failed:
            self.send_error(502, str(failed))
            return
        with answer:
            self.send_response(answer.status)
            for name in KEPT:
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.end_headers()
            while part := answer.read(1 << 16):
                self.wfile.write(part)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


pid, address, port, ready = sys.argv[1:]
here = os.open("/proc/self/ns/net", os.O_RDONLY)
enter(f"/proc/{pid}/ns/net")
server = Server((address, int(port)), Relay)
enter(f"/proc/self/fd/{here}")
open(ready, "w").close()
server.serve_forever()
