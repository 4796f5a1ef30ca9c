#!/usr/bin/env python3
"""make_images.py ARCHIVE BUSYBOX LABTOOL REVISION: writes the test images as one archive for `docker load`.

Written by hand instead of built by an engine, so that the same inputs give the same image ids on every engine, and so
that no engine is needed to make them. Each image is a common layer and a small one of its own: a pull of the next
version of an image then really has something to fetch.
"""

import hashlib
import io
import json
import platform
import subprocess
import sys
import tarfile

CREATED = "2016-01-01T00:00:00Z"  # fixed, or the ids would change with each run
TOOLS = ["web", "redis-server", "redis-cli", "hget", "lookup"]

# repository:tag (more tags) -> configuration as in the image specification
IMAGES = [
    (["alpine:latest", "alpine:3.18"], {"Cmd": ["/bin/sh"]}),
    (["redis:3.0.6"], {"Cmd": ["redis-server"], "Env": ["REDIS_VERSION=3.0.6"], "ExposedPorts": {"6379/tcp": {}}}),
    (["redis:3.0.7"], {"Cmd": ["redis-server"], "Env": ["REDIS_VERSION=3.0.7"], "ExposedPorts": {"6379/tcp": {}}}),
    (["redis:bad"], {"Cmd": ["sh", "-c", "echo 'this version cannot start' >&2; exit 1"], "Env": ["REDIS_VERSION=bad"]}),
    (["web:1"], {"Cmd": ["web", "80"], "Env": ["VERSION=1"], "ExposedPorts": {"80/tcp": {}}}),
    (["web:2"], {"Cmd": ["web", "80"], "Env": ["VERSION=2"], "ExposedPorts": {"80/tcp": {}}}),
]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def layer(entries: list[tuple[str, str | bytes | None, int]]) -> bytes:
    """A tar of (path, content, mode): bytes make a file, text a symbolic link, None a folder. Nobody's, of no date."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content, mode in entries:
            info = tarfile.TarInfo(path)
            info.mode = mode
            if content is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            elif isinstance(content, str):
                info.type = tarfile.SYMTYPE
                info.linkname = content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def base_layer(busybox: str, labtool: str) -> bytes:
    with open(busybox, "rb") as file:
        busybox_bytes = file.read()
    with open(labtool, "rb") as file:
        labtool_bytes = file.read()
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    entries: list[tuple[str, str | bytes | None, int]] = [
        ("bin", None, 0o755),
        ("etc", None, 0o755),
        ("root", None, 0o700),
        ("tmp", None, 0o1777),
        ("bin/busybox", busybox_bytes, 0o755),
        ("bin/labtool", labtool_bytes, 0o755),
        ("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n", 0o644),
        ("etc/group", b"root:x:0:\nnogroup:x:65534:\n", 0o644),
    ]
    entries += [(f"bin/{tool}", "labtool", 0o777) for tool in TOOLS]
    entries += [(f"bin/{applet}", "busybox", 0o777) for applet in sorted(applets) if applet not in [*TOOLS, "busybox"]]
    return layer(entries)


def main() -> None:
    archive, busybox, labtool, revision = sys.argv[1:]
    machine = platform.machine()
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    base = base_layer(busybox, labtool)
    files = {f"{sha256(base)}.tar": base}
    manifest = []
    for names, settings in IMAGES:
        version = names[-1].split(":")[1]
        own = layer([("etc", None, 0o755), ("etc/image-version", f"{version}\n".encode(), 0o644)])
        config = {
            "architecture": architecture,
            "os": "linux",
            "created": CREATED,
            "config": {
                **settings,
                "Env": ["PATH=/bin", *settings.get("Env", [])],
                "Labels": {"version": version, "swarm.lab.images": revision},
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(data)}" for data in (base, own)]},
            "history": [{"created": CREATED, "created_by": f"swarm lab: {what}"} for what in ("common", names[0])],
        }
        config_bytes = json.dumps(config, sort_keys=True).encode()
        files[f"{sha256(own)}.tar"] = own
        files[f"{sha256(config_bytes)}.json"] = config_bytes
        manifest.append(
            {"Config": f"{sha256(config_bytes)}.json", "RepoTags": names, "Layers": [f"{sha256(data)}.tar" for data in (base, own)]}
        )
    files["manifest.json"] = json.dumps(manifest).encode()
    with open(archive, "wb") as file:
        file.write(layer([(path, data, 0o644) for path, data in files.items()]))


if __name__ == "__main__":
    main()
