"""For specs: boots a worker of Beam's Python SDK as the contract has it, in the Python that runs it.

It does what matters here of what the boot program in the SDK's container does: asks for the provision, and hands the answer to
the worker's main program in its environment. It installs no artifacts.
"""
import argparse
import json
import os

parser = argparse.ArgumentParser()
for flag in ("id", "provision_endpoint", "control_endpoint", "logging_endpoint", "artifact_endpoint"):
  parser.add_argument("--" + flag, required=True)
flags = parser.parse_args()
# The SDK reads it when it is imported.
os.environ["WORKER_ID"] = flags.id

import grpc
from google.protobuf import json_format, text_format

from apache_beam.portability.api import beam_provision_api_pb2 as api
from apache_beam.portability.api import beam_provision_api_pb2_grpc as services
from apache_beam.runners.worker import sdk_worker_main

with grpc.insecure_channel(flags.provision_endpoint) as channel:
  call = services.ProvisionServiceStub(channel).GetProvisionInfo
  info = call(api.GetProvisionInfoRequest(), metadata=[("worker_id", flags.id)]).info

one_line = lambda message: text_format.MessageToString(message, as_one_line=True)
os.environ["PIPELINE_OPTIONS"] = json.dumps(json_format.MessageToDict(info.pipeline_options))
os.environ["CONTROL_API_SERVICE_DESCRIPTOR"] = one_line(info.control_endpoint)
os.environ["LOGGING_API_SERVICE_DESCRIPTOR"] = one_line(info.logging_endpoint)
os.environ["STATUS_API_SERVICE_DESCRIPTOR"] = one_line(info.status_endpoint)
os.environ["RUNNER_CAPABILITIES"] = " ".join(info.runner_capabilities)
sdk_worker_main.main([])
