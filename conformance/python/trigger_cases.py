"""Beam's trigger transcripts as pipelines over a TestStream, aimed at a job service that is running.

They are tests of Beam's `trigger_test`. The weak ones take what comes between two expectations in any order; the strict ones want
every pane of a step before the step that comes next.
"""

from apache_beam.transforms import trigger_test


class WeakTranscripts(trigger_test.WeakTestStreamTranscriptTest):
    pass


class StrictTranscripts(trigger_test.TestStreamTranscriptTest):
    pass
