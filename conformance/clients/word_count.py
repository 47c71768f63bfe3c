"""Counts the words of a text: word_count.py ENDPOINT TEXT OUTPUT."""
import re
import sys

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions


def main(endpoint, text, output):
  options = PipelineOptions(
      ['--runner=PortableRunner', '--job_endpoint=' + endpoint, '--environment_type=LOOPBACK'], save_main_session=True)
  with beam.Pipeline(options=options) as p:
    (
        p
        | beam.io.ReadFromText(text)
        | 'Words' >> beam.FlatMap(lambda line: re.findall("[A-Za-z']+", line))
        | beam.combiners.Count.PerElement()
        | 'Format' >> beam.MapTuple(lambda word, count: f'{word}: {count}')
        | beam.io.WriteToText(output))


if __name__ == '__main__':
  main(*sys.argv[1:])
