# SPDX-License-Identifier: Apache-2.0
"""A sluiced of one's own, under a temporary directory, attached to a child cgroup."""
import json
import os
import pathlib
import shutil
import signal
import subprocess

import yaml

from .places import wait_for

BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build/release"))

START_SECONDS = int(os.environ.get("SLUICE_START_SECONDS", "30"))  # more in a guest without hardware support


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Daemon:
    def __init__(self, place, worker_user="nobody", enter=(), **settings):
        self.place = place
        self.enter = list(enter)  # words before the program: where it shall run
        self.dir = place.dir / "sluice"
        self.policy_dir = self.dir / "policies"
        self.secrets_dir = self.dir / "secrets"
        self.state_dir = self.dir / "state"
        self.run_dir = self.dir / "run"
        self.log = self.dir / "sluiced.log"
        for directory in (self.dir, self.policy_dir, self.secrets_dir):
            directory.mkdir(mode=0o755)
        self.secrets_dir.chmod(0o700)
        self.config = self.dir / "sluice.yaml"
        self.config.write_text(yaml.safe_dump({
            "policy_dir": str(self.policy_dir), "state_dir": str(self.state_dir), "run_dir": str(self.run_dir),
            "cgroup_root": str(place.cgroup), "worker_user": worker_user, "secrets_dir": str(self.secrets_dir),
            "pin_dir": str(place.pin_dir), **settings}))
        self.process = None

    def secret(self, name, text):
        file = self.secrets_dir / name
        file.write_text(text + "\n")
        file.chmod(0o600)
        return file

    def policy(self, text, name="policy.yaml"):
        (self.policy_dir / name).write_text(text)
        (self.policy_dir / name).chmod(0o644)

    def start(self, wait=True, log_level="info", options=()):
        self.started_at = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.enter, BUILD / "sluiced", "--config", self.config, "--log-level", log_level, *options],
                # Leaks are looked for by tracing, which neither half of sluiced lets anybody do.
                env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        if wait:
            wait_for("sluiced to be ready", self._ready, START_SECONDS)
        return self

    def replace(self):
        """A new sluiced takes over. Gives the old process, which ends with its last connection."""
        old = self.process
        try:
            self.start(options=["--replace"])
        except RuntimeError:
            self.process = old
            raise
        return old

    def set(self, **settings):
        """Changes the configuration, for the next start."""
        self.config.write_text(yaml.safe_dump({**yaml.safe_load(self.config.read_text()), **settings}))

    def _ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"sluiced ended with {self.process.returncode}:\n" + self.log_text()[-3000:])
        return "sluiced is ready" in self.log_text()[self.started_at:]

    def log_text(self):
        return self.log.read_text(errors="replace")

    def worker_pid(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def kill(self):
        """SIGKILL to keeper and worker at once, as a crash or an out-of-memory kill would."""
        pids = [self.process.pid]
        try:
            pids.append(self.worker_pid())
        except (OSError, IndexError):
            pass
        for number in (signal.SIGSTOP, signal.SIGKILL):  # neither has time to see that the other has gone
            for pid in reversed(pids):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        self.process.wait()
        # A process with much memory dies slowly, and until then what it listens at is there.
        wait_for("the worker to be gone", lambda: not any(map(is_alive, pids)))

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else 0
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self.process.returncode

    # --- the command line -----------------------------------------------------------------------------------------------
    def environment(self, **extra):
        return {**os.environ, "SLUICE_CONFIG": str(self.config), "PGPASSWORD": "made-up", "PGCONNECT_TIMEOUT": "10", **extra}

    def sluice(self, *arguments, user=None, check=True, **options):
        """Runs `sluice ARGUMENTS`, as `user` where named."""
        command = [str(BUILD / "sluice"), *map(str, arguments)]
        if user:
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment(),
                              timeout=options.pop("timeout", 60), **options)
        if check and done.returncode != 0:
            raise RuntimeError(f"sluice {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, **options):
        return json.loads(self.sluice(*arguments, "--json", **options).stdout)

    def run_command(self, agent, *command, options=()):
        return [str(BUILD / "sluice"), "run", "--agent", agent, *options, "--", *map(str, command)]

    def run(self, agent, *command, options=(), env=None, check=False, timeout=60, **more):
        """Runs a command as an agent and waits for it."""
        done = subprocess.run(self.run_command(agent, *command, options=options), capture_output=True, text=True,
                              env=self.environment(**(env or {})), timeout=timeout, **more)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command} as {agent} ended with {done.returncode}:\n{done.stdout}{done.stderr}\n"
                               + self.log_text()[-2000:])
        return done

    def spawn(self, agent, *command, options=(), env=None, **more):
        """Starts a command as an agent; stdin, stdout and stderr are pipes."""
        return subprocess.Popen(self.run_command(agent, *command, options=options), text=True,
                                env=self.environment(**(env or {})), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **more)

    def ticket(self, seconds=20):
        """The one request that waits for approval."""
        def pending():
            rows = [row for row in self.json("approvals")["approvals"] if row["state"] == "pending"]
            return rows[0] if rows else None
        return wait_for("a held statement", pending, seconds)

    def recordings_text(self):
        """Every byte below the state directory, as text: for looking for what must not be there."""
        text = []
        for file in sorted(self.state_dir.rglob("*")):
            if file.is_file():
                text.append(file.read_bytes().decode("latin-1"))
        return "\n".join(text)

    def close(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.place.pin_dir, ignore_errors=True)
