/** What `--runner=spark` is told. Names are those of Beam's SparkPipelineOptions. */
export const SPARK_OPTIONS = {
  sparkJobServerJar: {
    type: "string",
    required: false,
    description: "Path of the jar of Beam's Spark job server, which is started if --job-endpoint says of none.",
  },
  sparkMasterUrl: {
    type: "string",
    required: false,
    description: "Spark's URL, spark://HOST:PORT; local[4] is a Spark inside the job server, and the default.",
  },
} as const;
