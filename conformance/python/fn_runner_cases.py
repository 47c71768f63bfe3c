"""The cases that Beam's own runner in Python is tested with, aimed at a job service that is running.

They are tests of Beam's `fn_runner_test`; `PortableRunnerTest` sends them to a job service.
"""

import unittest

from apache_beam.options import pipeline_options
from apache_beam.runners.portability import portable_runner_test

import environment
import settings

SETTINGS = settings.load()


class FnRunnerCases(portable_runner_test.PortableRunnerTest):
    """Two tests skip themselves in classes with names that Beam knows. This is none of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._environment = environment.Environment(SETTINGS)

    @classmethod
    def _create_job_endpoint(cls):
        return SETTINGS.endpoint

    def create_options(self):
        options = super().create_options()
        portable = options.view_as(pipeline_options.PortableOptions)
        portable.environment_type = self._environment.type
        if self._environment.config is not None:
            portable.environment_config = self._environment.config
        if SETTINGS.pre_optimize is not None:
            experiment = "pre_optimize=" + SETTINGS.pre_optimize
            options.view_as(pipeline_options.DebugOptions).add_experiment(experiment)
        if SETTINGS.streaming:
            options.view_as(pipeline_options.StandardOptions).streaming = True
        return options


def _lifted():
    """The tests that `unittest.skip` was put on, without it; None for the name of every other test."""
    for name in unittest.TestLoader().getTestCaseNames(FnRunnerCases):
        test = getattr(FnRunnerCases, name)
        yield name, test.__wrapped__ if getattr(test, "__unittest_skip__", False) else None


# Tests that Beam skips whatever runs them: large inputs, flaky in Beam itself, or with TestStream.
LiftedCases = type("LiftedCases", (FnRunnerCases,), dict(_lifted()))
