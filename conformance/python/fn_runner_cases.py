"""The cases that Beam's own runner in Python is tested with, aimed at a job service that is running.

They are tests of Beam's `fn_runner_test`; `PortableRunnerTest` sends them to a job service.
"""

import threading
import time
import unittest

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange
from apache_beam.io.restriction_trackers import OffsetRestrictionTracker
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


@unittest.skipIf(SETTINGS.environment == "PROCESS", "processes of the runner do not have this module")
class StragglerCases(FnRunnerCases):
    """What no test of Beam's asks: that work which one bundle would take long for is shared with a second one."""

    def test_slow_elements_are_shared(self):
        self._is_shared(100, lambda parts: parts | beam.FlatMap(lambda size: list(range(size))) | beam.Reshuffle() | beam.Map(_slow))

    def test_a_slow_element_is_shared(self):
        self._is_shared(100, lambda parts: parts | beam.ParDo(SlowPositions()))

    def _is_shared(self, size, transform):
        def check(seen):
            seen = list(seen)
            assert sorted(position for position, _ in seen) == list(range(size)), seen
            assert len({thread for _, thread in seen}) > 1, "one bundle has done it all"

        with self.create_pipeline() as pipeline:
            positions = transform(pipeline | beam.Create([size]))
            positions | beam.combiners.ToList() | beam.Map(check)


# The inherited ones are run as FnRunnerCases.
for _name in unittest.TestLoader().getTestCaseNames(FnRunnerCases):
    setattr(StragglerCases, _name, None)


def _slow(position):
    """A position, and the thread that it was processed on: each bundle has one of its own while it runs."""
    time.sleep(0.03)
    return position, threading.get_ident()


class Positions(beam.transforms.core.RestrictionProvider):
    def initial_restriction(self, size):
        return OffsetRange(0, size)

    def create_tracker(self, restriction):
        return OffsetRestrictionTracker(restriction)

    def restriction_size(self, size, restriction):
        return restriction.size()


class SlowPositions(beam.DoFn):
    def process(self, size, tracker=beam.DoFn.RestrictionParam(Positions())):
        position = tracker.current_restriction().start
        while tracker.try_claim(position):
            yield _slow(position)
            position += 1


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
