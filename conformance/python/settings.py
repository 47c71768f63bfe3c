"""What the driver asks of a run, from the environment variable GIRDER_CONFORMANCE.

It is a variable and not an argument because tests of Beam parse the command line themselves.
"""

import dataclasses
import json
import os


@dataclasses.dataclass(frozen=True)
class Settings:
    # The job service, host:port.
    endpoint: str
    # LOOPBACK, EXTERNAL or PROCESS.
    environment: str = "LOOPBACK"
    # The value of the experiment pre_optimize; None leaves the SDK's own.
    pre_optimize: str | None = None
    streaming: bool = False
    # A regular expression that names of tests must match.
    only: str | None = None
    # Names of the only tests to run; None for all.
    names: tuple[str, ...] | None = None
    # Names of tests that have run.
    leave_out: tuple[str, ...] = ()
    # The file descriptor that results are written to, a JSON object a line.
    results: int = 3


def load() -> Settings:
    text = os.environ.get("GIRDER_CONFORMANCE")
    if text is None:
        raise RuntimeError("Run this with `npm run conformance -- python`: it says where the job service is.")
    return Settings(**{key: tuple(value) if isinstance(value, list) else value for key, value in json.loads(text).items()})
