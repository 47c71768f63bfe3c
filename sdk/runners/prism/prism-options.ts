/** What `--runner=prism` is told. */
export const PRISM_OPTIONS = {
  prismLocation: {
    type: "string",
    required: false,
    description: "Path of the prism program. Default: PRISM of the environment, the PATH, where go install puts it.",
  },
  prismLogLevel: {
    type: "string",
    default: "warn",
    description: "Which lines of Prism's log are shown: debug, info, warn or error.",
  },
} as const;
