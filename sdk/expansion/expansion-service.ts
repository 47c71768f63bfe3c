/** Where expansion services are, or how one is started. */

/** The address of a service that runs already, `host:port`, or how to start one. */
export type ExpansionService = string | JarService | PythonService;

/** What all services that are started have in common. */
interface StartedService {
  /** Further arguments of the service's program. Default: none. */
  readonly args?: readonly string[];
  /**
   * Where the transforms' functions run: `service` is the process of the service itself, which lives as long as this program and
   * runs on this machine; `environment` is what the service names as its environment, a container as a rule, with the files that it
   * wants there. Default: `service`, which needs nothing that is not there already.
   */
  readonly workers?: "service" | "environment";
  /** How long (ms) the service may take to start. Default: 60 s. */
  readonly patience?: number;
}

/** A jar with an expansion service of the Java SDK: `java -jar JAR PORT`. */
export interface JarService extends StartedService {
  /** Path of the jar, which has all that it needs in it. */
  readonly jar: string;
  /** The program that runs it. Default: that of `JAVA_HOME`, or the first `java` on the PATH. */
  readonly java?: string;
}

/** A Python with `apache_beam`: `python -m MODULE --port=PORT`. */
export interface PythonService extends StartedService {
  /** The interpreter, or the folder of a virtual environment. */
  readonly python: string;
  /** The module that is the service. Default: the expansion service of the SDK, for all transforms that can be imported. */
  readonly module?: string;
}

/** What a service is called in messages. */
export function describeService(service: ExpansionService): string {
  if (typeof service === "string") return service;
  return "jar" in service ? service.jar : service.python;
}
