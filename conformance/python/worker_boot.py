"""Starts a Python worker as Beam's container image does, for the PROCESS environment.

A runner passes the worker's id and the address of its provision service, and may pass the other addresses. What it does not
pass is asked of the provision service.
"""

import argparse
import os
import sys

import grpc
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.portability.api import beam_provision_api_pb2_grpc
from apache_beam.portability.api import endpoints_pb2
from google.protobuf import json_format
from google.protobuf import text_format


def descriptor(url: str) -> str:
    return text_format.MessageToString(endpoints_pb2.ApiServiceDescriptor(url=url))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--id", required=True)
    parser.add_argument("--provision_endpoint", required=True)
    parser.add_argument("--control_endpoint", default="")
    parser.add_argument("--logging_endpoint", default="")
    args, _ = parser.parse_known_args()
    # Prism quotes the id as if a shell were to read it.
    worker_id = args.id.strip("'")
    with grpc.insecure_channel(args.provision_endpoint) as channel:
        stub = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        info = stub.GetProvisionInfo(request, metadata=[("worker_id", worker_id)]).info
    os.environ.update(
        WORKER_ID=worker_id,
        CONTROL_API_SERVICE_DESCRIPTOR=descriptor(args.control_endpoint or info.control_endpoint.url),
        LOGGING_API_SERVICE_DESCRIPTOR=descriptor(args.logging_endpoint or info.logging_endpoint.url),
        PIPELINE_OPTIONS=json_format.MessageToJson(info.pipeline_options),
        RUNNER_CAPABILITIES=" ".join(info.runner_capabilities))
    if info.status_endpoint.url:
        os.environ["STATUS_API_SERVICE_DESCRIPTOR"] = descriptor(info.status_endpoint.url)
    # It opens channels of its own, and must see the variables.
    from apache_beam.runners.worker import sdk_worker_main
    sdk_worker_main.main([])
    return 0


sys.exit(main())
