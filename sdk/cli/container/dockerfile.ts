/** The Dockerfile of an image for workers. */

/** Where everything of ours is in the image. */
export const HOME = "/opt/girder";

export interface ImageDescription {
  readonly base: string;
  /** This package's version. */
  readonly version: string;
}

/**
 * There is nothing to run while the image is built, only files to copy: it can be built of any base that has Node, without a shell,
 * a package manager or a network.
 */
export function dockerfile({ base, version }: ImageDescription): string {
  return `# A worker of Girder ${version}, as runners start it: girder container build wrote this.
FROM ${base}
LABEL org.opencontainers.image.title="girder-worker" org.opencontainers.image.version="${version}"
ENV NODE_ENV=production
# Packages that programs leave out of their files (--worker-external) are looked for here.
WORKDIR ${HOME}
COPY node_modules ./node_modules
# The boot contract of Beam's containers: --id, --provision_endpoint, --control_endpoint, …
ENTRYPOINT ["node", "${HOME}/node_modules/girder/sdk/cli/girder-worker.js"]
`;
}

/** What of the folder with the Dockerfile is given to the engine. */
export const DOCKERIGNORE = "*\n!node_modules\n";
