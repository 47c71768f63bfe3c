/** Where expansion services are, or how one is started. */

/** The address of a service that runs already, `host:port`, or how to start one. */
export type ExpansionService = string | JavaService | PythonService;

/** Services of the Java SDK: a jar that has all, a class path, or what Maven makes one of. */
export type JavaService = JarService | ClassPathService | MavenService;

/** What all services that are started have in common. */
interface StartedService {
  /** Further arguments of the service's program. Default: none. */
  readonly args?: readonly string[];
  /** How long (ms) the service may take to start. Default: 60 s. */
  readonly patience?: number;
}

/**
 * What services of the Java SDK have in common. They may make every class that they have (`--javaClassLookupAllowlistFile=*`), unless
 * `args` say another list: what there is to be had, the author has named.
 */
interface StartedJava extends StartedService {
  /**
   * Where the transforms' functions run: `processes` are started for the runner on this machine, of the same class path, and end
   * with this program; `environment` is what the service names as its environment, a container as a rule, with the files that it
   * wants there. Default: `processes`, which need nothing that is not there already.
   */
  readonly workers?: "processes" | "environment";
  /** The program that runs it. Default: that of `JAVA_HOME`, or the first `java` on the PATH. */
  readonly java?: string;
}

/** A jar with an expansion service of the Java SDK: `java -jar JAR PORT`. */
export interface JarService extends StartedJava {
  /** Path of the jar, which has all that it needs in it. */
  readonly jar: string;
}

/** Jars and folders of classes, an expansion service among them: `java -cp CLASSPATH MAIN PORT`. */
export interface ClassPathService extends StartedJava {
  readonly classPath: readonly string[];
  /** The class that is the service. Default: that of `beam-sdks-java-expansion-service`. */
  readonly main?: string;
}

/**
 * Artifacts that Maven puts together, with all they depend on, when they are first needed. The class path is kept in the user's cache
 * folder.
 */
export interface MavenService extends StartedJava {
  /** `group:artifact:version`. The expansion service of that version of Beam need not be among them. */
  readonly maven: readonly string[];
  /** The class that is the service. Default: that of `beam-sdks-java-expansion-service`. */
  readonly main?: string;
}

/** A Python with `apache_beam`: `python -m MODULE --port=PORT`. */
export interface PythonService extends StartedService {
  /**
   * Where the transforms' functions run: `service` is the process of the service itself, which lives as long as this program and
   * runs on this machine; `processes` are started beside it for the runner, and again when they are lost; `environment` is what
   * the service names as its environment, a container as a rule, with the files that it wants there. Default: `service`, which is
   * quickest to start.
   */
  readonly workers?: "service" | "processes" | "environment";
  /** The interpreter, or the folder of a virtual environment. */
  readonly python: string;
  /** The module that is the service. Default: the expansion service of the SDK, for all transforms that can be imported. */
  readonly module?: string;
}

/** What a service is called in messages. */
export function describeService(service: ExpansionService): string {
  if (typeof service === "string") return service;
  if ("python" in service) return service.python;
  if ("jar" in service) return service.jar;
  return "maven" in service ? service.maven.join(", ") : service.classPath.join(":");
}
