/** A job as the Dataflow API, v1b3, wants it: `projects.locations.jobs.create`. */
import type { JsonObject } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import {
  DockerPayloadSchema,
  type Pipeline,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardProtocols } from "../../../portability/urns.js";
import type { StagedFile } from "./dataflow-pipeline.js";
import type { DataflowSettings } from "./dataflow-settings.js";

/** Name of the staged pipeline. */
export const PIPELINE_FILE = "pipeline.pb";

/** Of what a client of today's portable runner is. */
const ENVIRONMENT_MAJOR_VERSION = "8";

/** What a job is made of, beside its settings. */
export interface JobContents {
  readonly pipeline: Pipeline;
  /** Digest of the pipeline's bytes as they are staged, in hexadecimal. */
  readonly pipelineSha256: string;
  readonly files: readonly StagedFile[];
  /** Options that workers need. */
  readonly workerOptions: JsonObject;
  /** Version of Girder. */
  readonly version: string;
  /** The job that this one replaces. */
  readonly replaces?: string | undefined;
}

/** The job, without what is undefined. */
export function jobRequest(settings: DataflowSettings, contents: JobContents): JsonObject {
  const { options, streaming, labels, transformNameMapping } = settings;
  return defined({
    projectId: settings.project,
    location: settings.region,
    name: settings.jobName,
    type: streaming ? "JOB_TYPE_STREAMING" : "JOB_TYPE_BATCH",
    clientRequestId: settings.requestId,
    labels: orNothing(labels),
    transformNameMapping: orNothing(transformNameMapping),
    replaceJobId: contents.replaces,
    environment: defined({
      clusterManagerApiService: "compute.googleapis.com",
      dataset: "bigquery.googleapis.com/cloud_dataflow",
      tempStoragePrefix: resource(settings.tempLocation),
      experiments: [...settings.experiments],
      serviceOptions: settings.serviceOptions.length === 0 ? undefined : [...settings.serviceOptions],
      serviceAccountEmail: options.serviceAccountEmail,
      serviceKmsKeyName: options.dataflowKmsKey,
      workerRegion: options.workerRegion,
      workerZone: options.workerZone,
      flexResourceSchedulingGoal: options.flexrsGoal === undefined ? undefined : `FLEXRS_${options.flexrsGoal}`,
      userAgent: { name: "Girder: Apache Beam for TypeScript", version: contents.version },
      version: { job_type: streaming ? "FNAPI_STREAMING" : "FNAPI_BATCH", major: ENVIRONMENT_MAJOR_VERSION },
      sdkPipelineOptions: pipelineOptions(settings, contents),
      workerPools: [workerPool(settings, contents)],
    }),
  });
}

/** What workers are provisioned with, and what the console shows. */
function pipelineOptions(settings: DataflowSettings, { pipelineSha256, workerOptions }: JobContents): JsonObject {
  const { project, region, jobName, stagingLocation, tempLocation, image, experiments, streaming } = settings;
  const shown = {
    project,
    region,
    job_name: jobName,
    staging_location: stagingLocation,
    temp_location: tempLocation,
    sdk_container_image: image,
    streaming,
    runner: "DataflowRunner",
  };
  return {
    options: {
      ...shown,
      tempLocation,
      stagingLocation,
      jobName,
      experiments: [...experiments],
      pipelineUrl: `${stagingLocation}/${PIPELINE_FILE}`,
      pipelineProtoHash: pipelineSha256,
      ...workerOptions,
    },
    display_data: Object.entries(shown).map(([key, value]) => ({
      key,
      namespace: "girder.options",
      type: typeof value === "boolean" ? "BOOLEAN" : "STRING",
      value,
    })),
  };
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  NONE: "AUTOSCALING_ALGORITHM_NONE",
  THROUGHPUT_BASED: "AUTOSCALING_ALGORITHM_BASIC",
};

function workerPool(
  { options, stagingLocation, streaming, endpoint }: DataflowSettings,
  contents: JobContents,
): JsonObject {
  const images = Object.entries(contents.pipeline.components?.environments ?? {}).map(
    ([environmentId, environment]) => ({
      environmentId,
      containerImage: fromBinary(DockerPayloadSchema, environment.payload).containerImage,
      capabilities: [...environment.capabilities],
      useSingleCorePerContainer: !environment.capabilities.includes(
        StandardProtocols.Enum.MULTI_CORE_BUNDLE_PROCESSING,
      ),
    }),
  );
  return defined({
    kind: "harness",
    packages: contents.files.map(({ name, sha256 }) => ({
      name,
      location: resource(`${stagingLocation}/${name}`),
      sha256,
    })),
    taskrunnerSettings: { parallelWorkerSettings: { baseUrl: endpoint, servicePath: endpoint } },
    autoscalingSettings: defined({
      maxNumWorkers: options.maxNumWorkers,
      algorithm: options.autoscalingAlgorithm === undefined ? undefined : ALGORITHMS[options.autoscalingAlgorithm],
    }),
    numWorkers: options.numWorkers,
    numThreadsPerWorker: options.numberOfWorkerHarnessThreads,
    machineType: options.workerMachineType,
    diskSizeGb: options.diskSizeGb,
    diskType: options.workerDiskType,
    network: options.network,
    subnetwork: options.subnetwork,
    ipConfiguration: options.noUsePublicIps === true ? "WORKER_IP_PRIVATE" : undefined,
    // A worker of a stream keeps its state apart from its system.
    dataDisks: streaming ? [defined({ diskType: options.workerDiskType })] : undefined,
    sdkHarnessContainerImages: images,
    workerHarnessContainerImage: images.length === 1 ? images[0]!.containerImage : undefined,
  });
}

/** `gs://BUCKET/PATH` as a resource of Cloud Storage. */
function resource(location: string): string {
  return location.replace(/^gs:\//, "storage.googleapis.com");
}

function orNothing(map: Readonly<Record<string, string>>): JsonObject | undefined {
  return Object.keys(map).length === 0 ? undefined : { ...map };
}

/** The members that are there. */
function defined(members: Readonly<Record<string, JsonObject[string] | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;
}
