# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""How each peer is configured: everything of it below its folder, as the user who runs it."""
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .peer_installation import program

HERE = Path(__file__).resolve().parent.parent


@dataclass
class Peer:
    command: list[str]
    # What is printed.
    facts: dict
    environment: dict[str, str] = field(default_factory=dict)


NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000;
    # Says in each answer how it was asked.
    add_header X-Protocol $server_protocol always;
    add_header X-Client $ssl_client_s_dn always;
    root {folder}/files;
    {secure}
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl http2;
        ssl_certificate {folder}/certificates/good.pem;
        ssl_certificate_key {folder}/certificates/good.key;
        location / {{
            dav_methods PUT DELETE MKCOL COPY MOVE;
            create_full_put_path on;
        }}
        location /slow/ {{
            alias {folder}/files/;
            limit_rate 100k;
        }}
        {proxied}
    }}
}}
"""
# One for each certificate that is bad, and one that demands a certificate of the client.
SECURE = """server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {folder}/certificates/{name}.pem;
        ssl_certificate_key {folder}/certificates/{name}.key;
        {more}
        location / {{ dav_methods PUT DELETE; }}
    }}
"""
CLIENT = "ssl_verify_client on; ssl_client_certificate {folder}/certificates/ca.pem;"
CERTIFICATES = ["expired", "early", "self-signed", "wrong-host"]
# As most have it in front of a server for uploads.
PROXIED = """location /proxied/ {{
            proxy_pass http://{target}/;
            proxy_http_version 1.1;
            proxy_request_buffering off;
        }}"""


def nginx(folder: Path, ports: list[int], options: list[str]) -> Peer:
    """`--proxy HOST:PORT`: also a proxy to that server, at /proxied/."""
    target = options[1] if options[:1] == ["--proxy"] else None
    (folder / "files").mkdir(exist_ok=True)
    certificates = folder / "certificates"
    if not certificates.exists():
        subprocess.run([HERE / "certificates", certificates], check=True)
    proxied = PROXIED.format(target=target) if target else ""
    secure = dict(zip([*CERTIFICATES, "client"], ports[2:]))
    servers = "".join(SECURE.format(port=secure[name], folder=folder, name=name, more="") for name in CERTIFICATES)
    demands = CLIENT.format(folder=folder)
    servers += SECURE.format(port=secure["client"], folder=folder, name="good", more=demands)
    settings = NGINX.format(folder=folder, plain=ports[0], tls=ports[1], secure=servers, proxied=proxied)
    (folder / "nginx.conf").write_text(settings)
    # Not on the PATH of an ordinary user.
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [binary, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    facts = {"port": ports[0], "tls": ports[1], "secure": secure, "files": str(folder / "files")}
    return Peer(command, {**facts, "ca": str(certificates / "ca.pem"), "certificates": str(certificates)})


def tuspyserver(folder: Path, ports: list[int], options: list[str]) -> Peer:
    command = [program("uvicorn"), "--app-dir", str(HERE), "--host", "127.0.0.1", "--port", str(ports[0])]
    command += ["--no-access-log", "parts.tuspy_application:application"]
    facts = {"port": ports[0], "path": "/files", "files": str(folder / "uploads")}
    return Peer(command, facts, {"TUS_FILES": str(folder / "uploads")})


def moto(folder: Path, ports: list[int], options: list[str]) -> Peer:
    command = [program("python"), "-m", "parts.moto_application", str(ports[0]), str(ports[1])]
    secrets = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    return Peer(command, {"port": ports[0], "presigner": ports[1]}, {**secrets, "PYTHONPATH": str(HERE)})


def httpbin(folder: Path, ports: list[int], options: list[str]) -> Peer:
    command = [program("python"), "-m", "httpbin.core", "--host", "127.0.0.1", "--port", str(ports[0])]
    return Peer(command, {"port": ports[0]})


def rclone(folder: Path, ports: list[int], options: list[str]) -> Peer:
    files = folder / "files"
    files.mkdir(exist_ok=True)
    command = ["rclone", "serve", "webdav", str(files), "--addr", f"127.0.0.1:{ports[0]}"]
    command += ["--config", str(folder / "rclone.conf"), "--cache-dir", str(folder / "cache"), "--etag-hash", "MD5"]
    return Peer(command, {"port": ports[0], "files": str(files)}, {"PATH": os.environ.get("PATH", "/usr/bin")})


KINDS = {"nginx": nginx, "tuspyserver": tuspyserver, "moto": moto, "httpbin": httpbin, "rclone": rclone}
