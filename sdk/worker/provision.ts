/** What a worker is told when it starts. */
import { Metadata } from "@grpc/grpc-js";
import { client } from "../../portability/fn-api/grpc.js";
import {
  type ProvisionInfo,
  ProvisionService,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";

/** How long (ms) a runner may take to answer. */
const PATIENCE = 30_000;
/** How long (ms) the connection is kept for others. */
const SHARED = 1_000;

/** @param id The worker's. @throws GirderError `io`, `not-found` or `unsupported`, as the runner answers. */
export async function provisionOf(address: string, id: string): Promise<ProvisionInfo | undefined> {
  const metadata = new Metadata();
  metadata.set("worker_id", id);
  const connection = client(ProvisionService, address);
  try {
    return (await connection.call.getProvisionInfo({}, { metadata, timeout: PATIENCE })).info;
  } finally {
    // The worker's other services are most often at the same address: what connects to them meanwhile need not do so anew.
    setTimeout(() => connection.close(), SHARED).unref();
  }
}
