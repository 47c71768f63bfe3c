"""Jobs of the load suite, which check their own results: jobs.py ENDPOINT many COUNT | large-element | state."""
import sys

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that
from apache_beam.testing.util import equal_to
from apache_beam.transforms.userstate import BagStateSpec


def pipeline(endpoint):
  return beam.Pipeline(
      options=PipelineOptions(
          ['--runner=PortableRunner', '--job_endpoint=' + endpoint, '--environment_type=LOOPBACK']))


def many(endpoint, count):
  """Small jobs, one after the other, each with a grouping, a side input and a result of its own."""
  for job in range(int(count)):
    with pipeline(endpoint) as p:
      factor = p | 'Factor' >> beam.Create([job])
      sums = (
          p
          | beam.Create(range(100))
          | beam.Map(lambda n: (n % 10, n))
          | beam.GroupByKey()
          | 'Sum' >> beam.Map(lambda kv, times: (kv[0], sum(kv[1]) * times), beam.pvalue.AsSingleton(factor)))
      assert_that(sums, equal_to([(key, (450 + 10 * key) * job) for key in range(10)]))


SIZE = 50_000_000


def large_element(endpoint):
  with pipeline(endpoint) as p:
    sizes = (
        p
        | beam.Create([SIZE])
        | 'Make' >> beam.Map(lambda size: ('key', bytes(size)))
        | beam.GroupByKey()
        | 'Size' >> beam.MapTuple(lambda key, values: (key, [len(value) for value in values])))
    assert_that(sizes, equal_to([('key', [SIZE])]))


KEYS = 20_000


class Remember(beam.DoFn):
  """Keeps what comes of a key first, and gives it back with what comes next."""
  KEPT = BagStateSpec('kept', beam.coders.BytesCoder())

  def process(self, element, kept=beam.DoFn.StateParam(KEPT)):
    key, value = element
    before = list(kept.read())
    if before:
      yield key, before == [value]
    else:
      kept.add(value)


def state(endpoint):
  with pipeline(endpoint) as p:
    remembered = (
        p
        | beam.Create([0, 1])
        | beam.FlatMap(lambda _: ((key, b'%010d' % key * 100) for key in range(KEYS)))
        | beam.ParDo(Remember())
        | 'Right' >> beam.Map(lambda right: right[1])
        | beam.combiners.Count.PerElement())
    assert_that(remembered, equal_to([(True, KEYS)]))


if __name__ == '__main__':
  {'many': many, 'large-element': large_element, 'state': state}[sys.argv[2]](sys.argv[1], *sys.argv[3:])
