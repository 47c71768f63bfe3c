/** For specs: an expansion service that does as `--behaviour` says, on the port that it is given. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { createServer, listen, serve } from "../../../portability/fn-api/grpc.js";
import {
  type ExpansionRequest,
  type ExpansionResponseSchema,
  ExpansionService,
} from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import {
  CoderSchema,
  EnvironmentSchema,
  IsBounded_Enum,
  PCollectionSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments } from "../../../portability/urns.js";

const values = new Map(process.argv.slice(2).map((argument) => argument.split("=") as [string, string]));

/** The request's transform as one transform whose output has the coder `coderId`. */
function answer(
  { transform, namespace, components }: ExpansionRequest,
  coderId: string,
  urn: string,
): MessageInitShape<typeof ExpansionResponseSchema> {
  const output = `${namespace}_output`;
  const [windowingStrategyId = ""] = Object.keys(components!.windowingStrategies);
  const coder = create(CoderSchema, { spec: { urn } });
  const bounded = IsBounded_Enum.BOUNDED;
  const pcollection = create(PCollectionSchema, {
    uniqueName: output,
    coderId,
    windowingStrategyId,
    isBounded: bounded,
  });
  const environment = create(EnvironmentSchema, { urn: StandardEnvironments.Environments.DEFAULT });
  return {
    transform: { ...transform!, outputs: { out: output }, environmentId: `${namespace}_environment` },
    components: {
      ...components!,
      pcollections: { [output]: pcollection },
      coders: { ...components!.coders, [coderId]: coder },
      environments: { [`${namespace}_environment`]: environment },
    },
  };
}

const server = createServer();
serve(server, ExpansionService, {
  expand: (request) => {
    switch (values.get("--behaviour")) {
      case "dies":
        process.stderr.write("out of luck\n");
        return process.exit(7);
      case "foreign-coder":
        return answer(request, `${request.namespace}_coder`, "test:coder:v1");
      case "clash":
        return answer(request, Object.keys(request.components!.coders)[0]!, "test:coder:v1");
      default:
        return { error: "No such behaviour." };
    }
  },
});
await listen(server, `127.0.0.1:${values.get("--port")}`);
