"""Writes pipelines/python-*.pb: pipelines as the Python SDK makes them, with what is pickled left out.

Run it with a Python that has apache-beam==2.77.0.
"""
import os

import apache_beam as beam
from apache_beam.coders import coders
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.transforms import userstate
from apache_beam.transforms import window
from apache_beam.transforms.timeutil import TimeDomain


def wordcount(p):
  (p | beam.Create(['one two two'])
     | 'Split' >> beam.FlatMap(str.split)
     | 'Pair' >> beam.Map(lambda word: (word, 1))
     | beam.CombinePerKey(sum)
     | 'Format' >> beam.MapTuple('{}: {}'.format))


class Counting(beam.DoFn):
  COUNT = userstate.CombiningValueStateSpec('count', coders.VarIntCoder(), sum)
  TIMER = userstate.TimerSpec('timer', TimeDomain.WATERMARK)

  def process(self, element, count=beam.DoFn.StateParam(COUNT), timer=beam.DoFn.TimerParam(TIMER)):
    count.add(1)
    timer.set(10)
    yield count.read()

  @userstate.on_timer(TIMER)
  def fire(self, count=beam.DoFn.StateParam(COUNT)):
    yield count.read()


def stateful(p):
  p | beam.Create([('a', 1)]) | beam.Reshuffle() | beam.ParDo(Counting())


def windowed(p):
  main = p | beam.Create([('a', 1)]) | beam.Map(lambda pair: window.TimestampedValue(pair, 5))
  side = p | 'Side' >> beam.Create([1, 2]) | beam.WindowInto(window.FixedWindows(60))
  total = side | beam.CombineGlobally(sum).without_defaults()
  main | 'Sessions' >> beam.WindowInto(window.Sessions(10)) | beam.GroupByKey()
  (main | 'Fixed' >> beam.WindowInto(window.FixedWindows(60))
        | 'Join' >> beam.ParDo(
            lambda pair, numbers, sum: (pair, list(numbers), sum),
            beam.pvalue.AsIter(side),
            beam.pvalue.AsSingleton(total)).with_outputs('odd', main='even'))


PAYLOADS = {
    'beam:transform:pardo:v1': beam_runner_api_pb2.ParDoPayload,
    'beam:transform:window_into:v1': beam_runner_api_pb2.WindowIntoPayload,
    'beam:transform:combine_per_key:v1': beam_runner_api_pb2.CombinePayload,
    'beam:transform:combine_per_key_precombine:v1': beam_runner_api_pb2.CombinePayload,
    'beam:transform:combine_per_key_merge_accumulators:v1': beam_runner_api_pb2.CombinePayload,
    'beam:transform:combine_per_key_extract_outputs:v1': beam_runner_api_pb2.CombinePayload,
}


def strip(message):
  """Pickled functions say where the SDK is installed, and no runner looks into them."""
  if isinstance(message, beam_runner_api_pb2.FunctionSpec):
    if message.urn in PAYLOADS:
      payload = PAYLOADS[message.urn].FromString(message.payload)
      strip(payload)
      message.payload = payload.SerializeToString(deterministic=True)
    elif message.urn.startswith('beam:transform:generic_composite') or 'pickled' in message.urn or 'python' in message.urn:
      message.payload = b'(pickled)'
    return
  for field, value in message.ListFields():
    if field.message_type is None:
      continue
    if field.message_type.GetOptions().map_entry:
      if field.message_type.fields_by_name['value'].message_type is not None:
        for entry in value.values():
          strip(entry)
    elif hasattr(value, 'append'):
      for entry in value:
        strip(entry)
    else:
      strip(value)


def main():
  folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'pipelines')
  for build, optimise in [(wordcount, 'default'), (stateful, 'none'), (windowed, 'none')]:
    options = PipelineOptions([
        '--environment_type=EXTERNAL',
        '--environment_config=localhost:50000',
        '--experiments=pre_optimize=' + optimise,
    ])
    p = beam.Pipeline(options=options)
    build(p)
    proto = PortableRunner.get_proto_pipeline(p, options)
    strip(proto)
    with open(os.path.join(folder, 'python-%s.pb' % build.__name__), 'wb') as f:
      f.write(proto.SerializeToString(deterministic=True))


if __name__ == '__main__':
  main()
