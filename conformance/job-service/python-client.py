"""Submits a pipeline with the Python SDK's portable runner, and prints what comes of it as JSON.

python-client.py ENDPOINT MODE [OPTION...]; modes: wait, cancel, retrieve.
"""
import json
import sys
import tempfile

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_artifact_api_pb2_grpc
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.portability.api import beam_job_api_pb2_grpc
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability import artifact_service


def retrieve(endpoint, job_id):
  """What a worker would see of the job's artifacts: by name, their digests."""
  channel = grpc.insecure_channel(endpoint)
  request = beam_job_api_pb2.GetJobPipelineRequest(job_id=job_id)
  pipeline = beam_job_api_pb2_grpc.JobServiceStub(channel).GetPipeline(request).pipeline
  retrieval = beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceStub(channel)
  found = {}
  for environment in pipeline.components.environments.values():
    with tempfile.TemporaryDirectory() as folder:
      for artifact in artifact_service.resolve_artifacts(environment.dependencies, retrieval, folder):
        role = beam_runner_api_pb2.ArtifactStagingToRolePayload.FromString(artifact.role_payload)
        payload = beam_runner_api_pb2.ArtifactFilePayload.FromString(artifact.type_payload)
        with open(payload.path, 'rb') as f:
          found[role.staged_name] = {'sha256': payload.sha256, 'text': f.read().decode(errors='replace')[:1000]}
  return found


def main(endpoint, mode, *options):
  options = PipelineOptions([
      '--runner=PortableRunner', '--job_endpoint=' + endpoint, '--environment_type=LOOPBACK', *options
  ])
  p = beam.Pipeline(options=options)
  p | beam.Create([1, 2, 3]) | 'Step' >> beam.Map(lambda n: (n, n))
  outcome = {}
  try:
    result = p.run()
    if mode == 'cancel':
      result.cancel()
    if mode == 'retrieve':
      outcome['artifacts'] = retrieve(endpoint, result._job_id)
      result.cancel()
    outcome['state'] = result.wait_until_finish()
    outcome['counters'] = [[c.key.step, c.key.metric.namespace + ':' + c.key.metric.name, c.attempted, c.committed]
                           for c in result.metrics().query()['counters']]
  except Exception as e:
    outcome['error'] = type(e).__name__ + ': ' + str(e)
  print(json.dumps(outcome))


if __name__ == '__main__':
  main(*sys.argv[1:])
