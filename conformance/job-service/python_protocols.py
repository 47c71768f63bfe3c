"""Pipelines that show what Python's workers and the runner say to each other: python_protocols.py ENDPOINT MODE [OPTION...].

Each prints what came of it as JSON. Without another environment in the options, functions run in this very process.
"""
import ctypes
import json
import os
import sys
import threading
import time
import types

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.worker import data_plane
from apache_beam.runners.worker import sdk_worker
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec
from apache_beam.transforms.userstate import TimerSpec
from apache_beam.transforms.userstate import on_timer
from apache_beam.transforms.window import FixedWindows

# Requests of this process's workers, by what they ask for.
requests = {}
# Names of their data streams.
streams = []
# What functions share with this program: they are copied with all that they refer to, but for what is in modules.
shared = beam.girder = types.SimpleNamespace()


def count_requests():
  request = sdk_worker.GrpcStateHandler._request

  def counted(self, message):
    kind = message.state_key.WhichOneof('type') + ' ' + message.WhichOneof('request')
    requests[kind] = requests.get(kind, 0) + 1
    return request(self, message)

  sdk_worker.GrpcStateHandler._request = counted


def note_streams():
  create = data_plane.GrpcClientDataChannelFactory.create_data_channel_from_url

  def noted(self, url, data_stream_id=None):
    if (data_stream_id or '') not in streams:
      streams.append(data_stream_id or '')
    return create(self, url, data_stream_id)

  data_plane.GrpcClientDataChannelFactory.create_data_channel_from_url = noted


def run(endpoint, options, build):
  arguments = ['--runner=PortableRunner', '--job_endpoint=' + endpoint, '--environment_type=LOOPBACK', *options]
  p = beam.Pipeline(options=PipelineOptions(arguments))
  build(p)
  return p.run()


def outcome_of(result):
  try:
    return {'state': result.wait_until_finish()}
  except Exception as e:
    return {'error': str(e)}


class Loop(beam.DoFn):
  """Comes back by a timer, a bundle each time, and looks at its state."""
  BAG = BagStateSpec('bag', beam.coders.VarIntCoder())
  TIMER = TimerSpec('timer', TimeDomain.WATERMARK)
  ROUNDS = 20

  def process(self, element, timer=beam.DoFn.TimerParam(TIMER)):
    timer.set(1)

  @on_timer(TIMER)
  def fire(self, bag=beam.DoFn.StateParam(BAG), timer=beam.DoFn.TimerParam(TIMER)):
    seen = list(bag.read())
    if seen != list(range(len(seen))):
      raise ValueError('the state is not what it was: %s' % seen)
    if len(seen) < self.ROUNDS:
      bag.add(len(seen))
      timer.set(len(seen) + 2)


def state(endpoint, *options):
  count_requests()
  outcome = outcome_of(run(
      endpoint, options, lambda p: p | beam.Create([(str(key), 1) for key in range(5)]) | beam.ParDo(Loop())))
  return {**outcome, 'requests': requests}


def large_group(endpoint, *options):
  count_requests()
  shared.sizes = []

  def build(p):
    (
        p
        | beam.Create([100])
        | 'Values' >> beam.FlatMap(lambda count: (('key', bytes([i]) * 100_000) for i in range(count)))
        | beam.GroupByKey()
        # Twice, as often as a function may like.
        | 'Sizes' >> beam.MapTuple(
            lambda key, values: beam.girder.sizes.append([sum(map(len, values)), len({value[0] for value in values})])))

  return {**outcome_of(run(endpoint, options, build)), 'sizes': shared.sizes, 'requests': requests}


def several_streams(endpoint, *options):
  note_streams()
  shared.meeting = threading.Barrier(2, timeout=30)

  def build(p):
    for name in ('one', 'two'):
      p | name >> beam.Create([name]) | 'Border ' + name >> beam.Reshuffle() | 'Meet ' + name >> beam.Map(
          lambda _: beam.girder.meeting.wait())

  return {**outcome_of(run(endpoint, options, build)), 'streams': streams}


def reciprocal(number):
  return 1 / number


def failing(endpoint, *options):
  return outcome_of(run(
      endpoint, options,
      lambda p: p | beam.Create([1, 2, 0]) | 'Pass' >> beam.Map(lambda n: n) | 'Reciprocal' >> beam.Map(reciprocal)))


class Slow(beam.DoFn):
  """Waits a while, and counts."""
  def __init__(self, seconds):
    self.seconds = seconds

  def process(self, element):
    Metrics.counter('spec', 'seen').inc()
    time.sleep(self.seconds)


def slow(endpoint, seconds, elements, *options):
  return outcome_of(run(
      endpoint, options,
      lambda p: p | beam.Create(range(int(elements))) | beam.Reshuffle() | beam.ParDo(Slow(float(seconds)))))


def hang(marker):
  """The first time, keeps the interpreter to itself for longer than anybody waits."""
  if not os.path.exists(marker):
    open(marker, 'w').close()
    ctypes.PyDLL(None).sleep(60)


def stuck(endpoint, marker, *options):
  return outcome_of(run(endpoint, options, lambda p: p | beam.Create([marker]) | 'Hang' >> beam.Map(hang)))


def beside(endpoint, path, *options):
  """An unbounded source beside a bounded one; is cancelled when both have delivered."""
  def line(kind):
    def write(_):
      with open(path, 'a') as file:
        file.write(kind + '\n')
    return write

  def build(p):
    p | beam.Create([1, 2, 3]) | 'Bounded' >> beam.Map(line('bounded'))
    (
        p
        | PeriodicImpulse(fire_interval=0.1)
        | beam.WindowInto(FixedWindows(0.5))
        | beam.Map(lambda instant: ('key', instant))
        | beam.GroupByKey()
        | 'Unbounded' >> beam.Map(line('unbounded')))

  result = run(endpoint, options, build)
  end = time.time() + 40
  counts = {}
  while time.time() < end and (counts.get('bounded') != 3 or counts.get('unbounded', 0) < 3):
    time.sleep(0.1)
    lines = open(path).read().split() if os.path.exists(path) else []
    counts = {kind: lines.count(kind) for kind in set(lines)}
  state = result.state
  result.cancel()
  return {'state': state, 'bounded': counts.get('bounded', 0), 'unbounded': counts.get('unbounded', 0)}


if __name__ == '__main__':
  modes = {
      'state': state,
      'large-group': large_group,
      'streams': several_streams,
      'failing': failing,
      'slow': slow,
      'stuck': stuck,
      'beside': beside,
  }
  print(json.dumps(modes[sys.argv[2]](sys.argv[1], *sys.argv[3:])), flush=True)
  # Threads of workers in this process may still be there.
  os._exit(0)
