/** For specs: an expansion service that does as `--behaviour` says, on the port that it is given. */
import { create, toBinary } from "@bufbuild/protobuf";
import { createServer, listen, serve } from "../../../portability/fn-api/grpc.js";
import {
  type ExpansionRequest,
  type ExpansionResponse,
  ExpansionResponseSchema,
  ExpansionService,
} from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import {
  CoderSchema,
  EnvironmentSchema,
  ExternalPayloadSchema,
  FunctionSpecSchema,
  IsBounded_Enum,
  ParDoPayloadSchema,
  PCollectionSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments, StandardPTransforms } from "../../../portability/urns.js";

const values = new Map(process.argv.slice(2).map((argument) => argument.split("=") as [string, string]));

/** The request's transform as one transform whose output has the coder `coderId`. */
function answer(
  { transform, namespace, components }: ExpansionRequest,
  coderId: string,
  urn: string,
): ExpansionResponse {
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
  return create(ExpansionResponseSchema, {
    transform: { ...transform!, outputs: { out: output }, environmentId: `${namespace}_environment` },
    components: {
      ...components!,
      pcollections: { [output]: pcollection },
      coders: { ...components!.coders, [coderId]: coder },
      environments: { [`${namespace}_environment`]: environment },
    },
  });
}

/** The request's transform as a function whose workers are those of the pool that the service was told of. */
function withWork(request: ExpansionRequest): ExpansionResponse {
  const [input = ""] = Object.values(request.transform!.inputs);
  const response = answer(request, request.components!.pcollections[input]!.coderId, "");
  const { transform, components } = response;
  components!.coders = request.components!.coders;
  const doFn = create(FunctionSpecSchema, { urn: "test:do_fn:v1" });
  transform!.spec = create(FunctionSpecSchema, {
    urn: StandardPTransforms.Primitives.PAR_DO,
    payload: toBinary(ParDoPayloadSchema, create(ParDoPayloadSchema, { doFn })),
  });
  const endpoint = { url: values.get("--defaultEnvironmentConfig")! };
  components!.environments[transform!.environmentId] = create(EnvironmentSchema, {
    urn: StandardEnvironments.Environments.EXTERNAL,
    payload: toBinary(ExternalPayloadSchema, create(ExternalPayloadSchema, { endpoint })),
  });
  return response;
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
      case "work":
        return withWork(request);
      case "clash":
        return answer(request, Object.keys(request.components!.coders)[0]!, "test:coder:v1");
      default:
        return { error: "No such behaviour." };
    }
  },
});
await listen(server, `127.0.0.1:${values.get("--port")}`);
