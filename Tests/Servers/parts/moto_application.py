# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""moto's server, and beside it what an app's own server would be: it makes presigned URLs, by boto3.

POST {"endpoint": URL, "operation": "upload_part", "parameters": {...}} is answered with the URL.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

HOST = "127.0.0.1"
SETTINGS = Config(signature_version="s3v4", s3={"addressing_style": "path"})
clients: dict[str, object] = {}
lock = threading.Lock()


def client(endpoint: str) -> object:
    with lock:
        if endpoint not in clients:
            clients[endpoint] = boto3.client("s3", endpoint_url=endpoint, config=SETTINGS)
        return clients[endpoint]


class Presigner(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        url = client(order["endpoint"]).generate_presigned_url(
            order["operation"], Params=order["parameters"], ExpiresIn=600
        )
        self.send_response(200)
        self.send_header("Content-Length", str(len(url)))
        self.end_headers()
        self.wfile.write(url.encode())

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    port, presigner = map(int, sys.argv[1:])
    server = ThreadingHTTPServer((HOST, presigner), Presigner)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    moto = ThreadedMotoServer(ip_address=HOST, port=port, verbose=True)
    moto.start()
    threading.Event().wait()
