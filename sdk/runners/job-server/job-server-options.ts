/** What is told about job servers in jars, and to whatever runner is behind a job service. */
export const JOB_SERVER_OPTIONS = {
  jobServerJavaLauncher: {
    type: "string",
    required: false,
    description: "The java that a job server's jar is started with. Default: that of JAVA_HOME, or of the PATH.",
  },
  jobServerJvmProperties: {
    type: "string",
    required: false,
    description: "Arguments for that Java, with spaces between, such as -Xmx3g.",
  },
  runnerOptions: {
    type: "string",
    required: false,
    description: 'Further options of the runner by Beam\'s names, as JSON: {"shutdown_sources_after_idle_ms": 1000}.',
  },
} as const;
