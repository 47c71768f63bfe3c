"""The environment that pipelines of the suites ask for."""

import atexit
import json
import os
import shlex
import stat
import sys
import tempfile

from apache_beam.runners.worker import worker_pool_main

import settings


class Environment:
    """Type and config as pipeline options have them. What it needs beside that lives until the process ends."""

    def __init__(self, of: settings.Settings):
        self.type = of.environment
        self.config = None
        if self.type == "EXTERNAL":
            # Beam's own test of external environments passes these two as well.
            self.config, pool = worker_pool_main.BeamFnExternalWorkerPoolServicer.start(
                state_cache_size=100, data_buffer_time_limit_ms=1000)
            atexit.register(pool.stop, 1)
        elif self.type == "PROCESS":
            self.config = json.dumps({"command": _worker_program()})

    def arguments(self) -> list[str]:
        config = [] if self.config is None else ["--environment_config=" + self.config]
        return ["--environment_type=" + self.type, *config]


def _worker_program() -> str:
    """A program, since a process environment is one, that starts a worker under this interpreter."""
    descriptor, path = tempfile.mkstemp(prefix="girder-worker-", suffix=".sh")
    atexit.register(os.remove, path)
    boot = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker_boot.py")
    with os.fdopen(descriptor, "w") as file:
        file.write(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(boot)} "$@"\n')
    os.chmod(path, stat.S_IRWXU)
    return path
