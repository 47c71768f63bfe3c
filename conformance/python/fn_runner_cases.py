"""The cases that Beam's own runner in Python is tested with, aimed at a job service that is running.

They are tests of Beam's `fn_runner_test`; `PortableRunnerTest` sends them to a job service.
"""

import unittest

import apache_beam as beam
from apache_beam.options import pipeline_options
from apache_beam.runners import runner
from apache_beam.runners.portability import portable_runner
from apache_beam.runners.portability import portable_runner_test
from apache_beam.runners.portability.fn_api_runner import fn_runner_test

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


class DrainedRunner(portable_runner.PortableRunner):
    """Beam's client raises on every final state but DONE; for a job that was drained, DRAINED is as good."""

    def run_pipeline(self, pipeline, options):
        result = super().run_pipeline(pipeline, options)
        wait = result.wait_until_finish

        def wait_until_drained(duration=None):
            try:
                return wait(duration)
            except RuntimeError:
                if result.state != runner.PipelineState.DRAINED:
                    raise
                return result.state

        result.wait_until_finish = wait_until_drained
        return result


class Drained:
    """Jobs that begin DRAINING. The option is Girder's: the protocol can only drain a job that is running."""

    def create_pipeline(self, is_drain=False):
        if not is_drain:
            return super().create_pipeline()
        options = self.create_options()
        options.view_as(pipeline_options.DebugOptions).add_experiment("girder_start_draining")
        return beam.Pipeline(DrainedRunner(), options)


def _drained():
    """The tests of jobs that are drained, which Beam skips for portable runners; None for the name of every other test."""
    for name in unittest.TestLoader().getTestCaseNames(FnRunnerCases):
        is_drained = "truncate" in name or "draining" in name
        yield name, getattr(fn_runner_test.FnApiRunnerTest, name) if is_drained else None


DrainCases = type("DrainCases", (Drained, FnRunnerCases), dict(_drained()))
