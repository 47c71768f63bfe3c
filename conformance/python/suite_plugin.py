"""A pytest plugin: what Beam's conftest.py gives its tests, which the wheel leaves out, and results as they come."""

import json
import os
import re

import pytest
from apache_beam.testing import test_pipeline

import environment
import settings

_NO_SUCH_OUTPUT_TIME = "the protocol has no OUTPUT_AT_EARLIEST_TRANSFORMED, so that the client cannot submit it"

# Tests that say nothing of a job service, with the reason.
NOT_OF_A_RUNNER = {
    "WeakTranscripts::test_timestamp_combiner_custom_timestamping_earliest_1": _NO_SUCH_OUTPUT_TIME,
    "StrictTranscripts::test_timestamp_combiner_custom_timestamping_earliest_1": _NO_SUCH_OUTPUT_TIME,
    "ExerciseStreamingMetricsPipelineTest::test_streaming_pipeline_returns_expected_user_metrics_fnapi_it":
        "needs Google Cloud's packages and a job on Dataflow",
}


def pytest_configure(config):
    of = settings.load()
    # Beam's tests have marks of their own, which say where they run.
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnknownMarkWarning")
    arguments = ["--runner=PortableRunner", "--job_endpoint=" + of.endpoint, *environment.Environment(of).arguments()]
    # Split again like a command line by TestPipeline.
    test_pipeline.TestPipeline.pytest_test_pipeline_options = " ".join(f"'{each}'" for each in arguments)
    config.pluginmanager.register(_Recorder(of), "girder-conformance")


def name_of(nodeid: str) -> str:
    """`Class::test`, without the file."""
    return nodeid.split("::", 1)[1]


class _Recorder:
    """Writes a line when a test begins and one when it has ended."""

    def __init__(self, of: settings.Settings):
        self._settings = of
        self._out = os.fdopen(of.results, "w", buffering=1)
        self._current = {}

    def pytest_collection_modifyitems(self, config, items):
        chosen = [item for item in items if self._is_chosen(name_of(item.nodeid))]
        for item in chosen:
            reason = NOT_OF_A_RUNNER.get(name_of(item.nodeid))
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))
        items[:] = chosen

    def _is_chosen(self, name: str) -> bool:
        of = self._settings
        if of.names is not None and name not in of.names:
            return False
        return re.search(of.only or "", name) is not None and name not in of.leave_out

    def pytest_collectreport(self, report):
        if report.failed:
            self._write({"name": report.nodeid or "collection", "outcome": "failed", "seconds": 0, "reason": str(report.longrepr)[-500:]})

    def pytest_runtest_logstart(self, nodeid, location):
        self._current = {"name": name_of(nodeid), "outcome": "passed", "seconds": 0.0, "reason": ""}
        self._write({"begin": name_of(nodeid)})

    def pytest_runtest_logreport(self, report):
        self._current["seconds"] = round(self._current["seconds"] + report.duration, 3)
        if report.failed and self._current["outcome"] != "failed":
            self._current.update(outcome="failed", reason=_reason(report))
        elif report.skipped and self._current["outcome"] == "passed":
            self._current.update(outcome="skipped", reason=_why_skipped(report))

    def pytest_runtest_logfinish(self, nodeid, location):
        self._write(self._current)

    def pytest_sessionfinish(self, session, exitstatus):
        self._write({"end": True})

    def _write(self, line):
        self._out.write(json.dumps(line) + "\n")


def _reason(report) -> str:
    """The message of what was thrown; if that says nothing, the last line of the report."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None and crash.message.strip() else str(report.longrepr).strip()
    return text if len(text) <= 2000 else text[:1000] + "\n…\n" + text[-1000:]


def _why_skipped(report) -> str:
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ")
