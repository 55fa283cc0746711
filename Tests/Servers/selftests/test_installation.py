# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import contextlib
import io
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from parts import peer_installation


class Installation(unittest.TestCase):
    """Which commands would be run; none is."""

    def commands(self, missing: list[str], fails: bool = False, has_policy: bool = False, user: int = 0) -> list[str]:
        ran = []

        def run(command: list, **_: object) -> subprocess.CompletedProcess:
            ran.append(" ".join(map(str, command)))
            if fails and "install" in command:
                raise subprocess.CalledProcessError(100, command)
            return subprocess.CompletedProcess(command, 0)

        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            self.policy = Path(folder) / "policy-rc.d"
            if has_policy:
                self.policy.touch()
            for name, value in {
                "peer_installation.POLICY": self.policy,
                "peer_installation.is_installed": lambda package: package not in missing,
                "peer_installation.shutil.which": lambda name: name,
                "peer_installation.os.getuid": lambda: user,
                "peer_installation.subprocess.run": run,
            }.items():
                stack.enter_context(mock.patch(f"parts.{name}", value))
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            try:
                peer_installation.install_debian()
            except subprocess.CalledProcessError:
                self.assertTrue(fails)
        return [line.replace(str(self.policy), "POLICY") for line in ran]

    def test_nothing_is_missing(self):
        self.assertEqual(self.commands([]), [])

    def test_nginx_is_neither_started_nor_enabled(self):
        update, write, mode, install, disable, remove = self.commands(["nginx", "rclone"])
        self.assertEqual((write, mode, remove), ("tee POLICY", "chmod 755 POLICY", "rm -f POLICY"))
        self.assertIn("apt-get update", update)
        self.assertTrue(install.endswith("--no-install-recommends nginx rclone"))
        self.assertIn("disable nginx.service", disable)

    def test_a_policy_that_is_there_stays(self):
        ran = self.commands(["rclone"], has_policy=True)
        self.assertEqual(len(ran), 2, ran)

    def test_the_policy_goes_also_when_installing_fails(self):
        self.assertEqual(self.commands(["nginx"], fails=True)[-1], "rm -f POLICY")

    def test_sudo_when_not_root(self):
        self.assertTrue(all(line.startswith("sudo ") for line in self.commands(["nginx"], user=1000)))
