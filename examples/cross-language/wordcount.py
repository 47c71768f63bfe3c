"""Counts the words of a text, with a transform of TypeScript to find them.

python wordcount.py --job_endpoint=localhost:8073 --expansion=localhost:8097 --input=TEXT --output=PREFIX
"""
import argparse

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.external import SchemaAwareExternalTransform


def main():
  parser = argparse.ArgumentParser()
  for flag in ('job_endpoint', 'expansion', 'input', 'output'):
    parser.add_argument('--' + flag, required=True)
  flags = parser.parse_args()
  options = PipelineOptions(
      ['--runner=PortableRunner', f'--job_endpoint={flags.job_endpoint}', '--environment_type=LOOPBACK'])
  with beam.Pipeline(options=options) as pipeline:
    (
        pipeline
        | beam.io.ReadFromText(flags.input)
        | 'TypeScript' >> SchemaAwareExternalTransform('example:words:v1', flags.expansion, minimum=1)
        | beam.combiners.Count.PerElement()
        | beam.MapTuple(lambda word, count: f'{word}: {count}')
        | beam.io.WriteToText(flags.output))


if __name__ == '__main__':
  main()
