"""A pipeline of Python with transforms of TypeScript in it: `uses_typescript.py JOB_SERVICE EXPANSION_SERVICE`.

Prints what comes out, as JSON, one element a line.
"""
import json
import sys
import typing

import apache_beam as beam
from apache_beam.coders import VarIntCoder
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.external import ImplicitSchemaPayloadBuilder
from apache_beam.transforms.external import SchemaAwareExternalTransform
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

Pair = typing.Tuple[str, int]


class RunningTotal(beam.DoFn):
  """Of each key, what it has come to so far."""
  TOTAL = ReadModifyWriteStateSpec('total', VarIntCoder())

  def process(self, pair, total=beam.DoFn.StateParam(TOTAL)):
    now = (total.read() or 0) + pair[1]
    total.write(now)
    yield pair[0], now


def show(element):
  print(json.dumps(element), flush=True)


def main(jobs, expansion):
  empty = ImplicitSchemaPayloadBuilder({})
  options = PipelineOptions(
      ['--runner=PortableRunner', f'--job_endpoint={jobs}', '--environment_type=LOOPBACK'])
  with beam.Pipeline(options=options) as pipeline:
    long_words = (
        pipeline
        | beam.Create(['a', 'bbb', 'cc', 'bbb', 'cc', 'bbb'])
        | SchemaAwareExternalTransform('test:long_words:v1', expansion, minimum=2))
    totals = (
        long_words
        | beam.Map(lambda word: (word, 1)).with_output_types(Pair)
        | 'Python' >> beam.ParDo(RunningTotal()).with_output_types(Pair)
        | 'TypeScript' >> beam.ExternalTransform('test:running_total:v1', empty, expansion)
        | 'Python again' >> beam.ParDo(RunningTotal()).with_output_types(Pair))
    parts = long_words | 'Parts' >> beam.ExternalTransform('test:by_length:v1', empty, expansion)
    rows = pipeline | beam.ExternalTransform('test:rows:v1', empty, expansion)
    totals | 'Show totals' >> beam.Map(show)
    parts['short'] | 'Show short' >> beam.Map(lambda word: show(['short', word]))
    parts['long'] | 'Show long' >> beam.Map(lambda word: show(['long', word]))
    rows | 'Show rows' >> beam.Map(lambda row: show([row.name, row.size]))


main(*sys.argv[1:])
