/** What `--runner=flink` is told. Names are those of Beam's FlinkPipelineOptions. */
export const FLINK_OPTIONS = {
  flinkJobServerEndpoint: {
    type: "string",
    required: false,
    description: "HOST:PORT of a Flink job server that runs; --job-endpoint says the same.",
  },
  flinkJobServerJar: {
    type: "string",
    required: false,
    description: "Path of the jar of Beam's Flink job server, which is started if none is said to run.",
  },
  flinkMaster: {
    type: "string",
    required: false,
    description:
      "Flink's HOST:PORT; [local] is a Flink inside the job server, [auto] what that decides. Default: [local], or the server's own.",
  },
  parallelism: { type: "number", required: false, description: "Parallel instances of each operator." },
  maxParallelism: { type: "number", required: false, description: "The most that they can ever become." },
  checkpointingInterval: { type: "number", required: false, description: "Ms between checkpoints. Default: none." },
  savepointPath: { type: "string", required: false, description: "The savepoint that the job begins with." },
  stateBackend: { type: "string", required: false, description: "Where Flink keeps state: rocksdb or hashmap." },
  stateBackendStoragePath: { type: "string", required: false, description: "URL of the state backend's storage." },
  objectReuse: { type: "boolean", description: "Whether Flink passes objects on without copying them." },
  environmentCacheMillis: {
    type: "number",
    required: false,
    description: "Ms that workers are kept for when a job has ended.",
  },
} as const;
