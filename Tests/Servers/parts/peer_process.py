# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Runs one peer as a child, below one folder, until standard input closes."""
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from . import peer_settings
from .program import HOST

PATIENCE = 30
PR_SET_PDEATHSIG = 1
KINDS = peer_settings.KINDS


def start(name: str, directory: str, options: list[str]) -> int:
    folder = Path(directory).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    peer = KINDS[name](folder, free_ports(7), options)
    libc = ctypes.CDLL(None)

    def dies_with_us() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    with open(folder / "log", "wb") as log:
        child = subprocess.Popen(
            peer.command,
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **peer.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=dies_with_us,
        )
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    status = 1
    try:
        if answers(child, peer.facts["port"]):
            print(json.dumps(peer.facts), flush=True)
            for wait in (standard_input_ends, child.wait):
                threading.Thread(target=lambda wait=wait: (wait(), over.set()), daemon=True).start()
            over.wait()
            status = 0 if child.poll() is None else 1
        if status:
            print(f"{name} ended: {(folder / 'log').read_text(errors='replace')[-2000:]}", file=sys.stderr)
    finally:
        stop(child)
    return status


def standard_input_ends() -> None:
    while os.read(0, 65536):
        pass


def free_ports(count: int) -> list[int]:
    """Nothing keeps another program from taking one before the peer does; then the peer ends, and we say so."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind((HOST, 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(child: subprocess.Popen, port: int) -> bool:
    """Whether it listens in time. Others' programs say so in no common way, hence the trying."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and child.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.02)
    return False


def stop(child: subprocess.Popen) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(5)
        except (ProcessLookupError, PermissionError):
            break
        except subprocess.TimeoutExpired:
            continue
        # Children of its own, if it left some.
