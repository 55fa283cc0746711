# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Installs the peers, only what is missing. Quiet when nothing is."""
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

DEBIAN = [
    "nginx",  # PUT by dav, ranges, HTTP/2
    "rclone",  # WebDAV
    "openssl",  # the certificates
    "curl",  # how the README's lines are tried
    "python3-venv",
]
PYTHON = [
    "tuspyserver==4.4.3",  # tus
    "uvicorn==0.51.0",  # which runs it
    "moto[s3,server]==5.2.5",  # S3
    "httpbin==0.10.4",
]
# Both keep Debian from starting a server, and from starting it at each boot, that we start ourselves when we need it.
POLICY = Path("/usr/sbin/policy-rc.d")
SERVICE = "nginx.service"


def cache() -> Path:
    """The folder of the virtual environment."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "swift-background-peers"


def program(name: str) -> str:
    """A program of the virtual environment."""
    return str(cache() / "venv" / "bin" / name)


def install() -> int:
    """What can be installed is, also if something else cannot."""
    status = 0
    for part in (install_debian, install_python):
        try:
            part()
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"Not installed: {error}", file=sys.stderr)
            status = 1
    return status


def missing() -> list[str]:
    """The peers that cannot be started here."""
    names = [name for name in ("nginx", "rclone") if not (shutil.which(name) or os.path.exists(f"/usr/sbin/{name}"))]
    return names + ([] if is_python_installed() else ["tuspyserver", "moto", "httpbin"])


def install_debian() -> None:
    if shutil.which("dpkg-query") is None:
        print(f"This is no Debian system. What is needed, by its Debian names: {' '.join(DEBIAN)}", file=sys.stderr)
        return
    missing = [package for package in DEBIAN if not is_installed(package)]
    if not missing:
        return
    root = []
    if os.getuid() != 0:
        if shutil.which("sudo") is None:
            print(f"As root, install: {' '.join(missing)}", file=sys.stderr)
            return
        root = ["sudo"]
    print(f"Installing {' '.join(missing)}", flush=True)
    settings = ["env", "DEBIAN_FRONTEND=noninteractive", "DEBCONF_NOWARNINGS=yes"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([*root, "apt-get", "update", "--quiet=2"], **quiet)
    forbids = not POLICY.exists()
    if forbids:
        subprocess.run([*root, "tee", POLICY], input=b"#!/bin/sh\nexit 101\n", **quiet)
        subprocess.run([*root, "chmod", "755", POLICY], **quiet)
    try:
        command = ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", *missing]
        subprocess.run([*root, *settings, *command], **quiet)
        if "nginx" in missing and shutil.which("systemctl"):
            # Without a running systemd too: this only takes away the link.
            command = ["SYSTEMD_OFFLINE=1", "systemctl", "--quiet", "disable", SERVICE]
            subprocess.run([*root, "env", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    finally:
        if forbids:
            subprocess.run([*root, "rm", "-f", POLICY], **quiet)


def is_installed(package: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(query, capture_output=True, text=True).stdout == "installed"


def wanted() -> str:
    return hashlib.sha256("\n".join(PYTHON).encode()).hexdigest()


def is_python_installed() -> bool:
    mark = cache() / "installed"
    return mark.exists() and mark.read_text() == wanted()


def install_python() -> None:
    """A virtual environment that is made anew when the list of packages is another one."""
    mark = cache() / "installed"
    if is_python_installed():
        return
    print(f"Installing {' '.join(PYTHON)} into {cache()}", flush=True)
    mark.unlink(missing_ok=True)
    # Not python3 of the PATH: python3-venv belongs to Debian's.
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    subprocess.run([python, "-m", "venv", "--clear", cache() / "venv"], check=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([program("python"), "-m", "pip", "install", *options, *PYTHON], check=True)
    mark.write_text(wanted())
