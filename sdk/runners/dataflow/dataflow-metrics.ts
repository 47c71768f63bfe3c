/** Metrics of a job, as the Dataflow API has them (`JobMetrics`). */
import { create } from "@bufbuild/protobuf";
import {
  type MonitoringInfo,
  MonitoringInfoSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer } from "../../../portability/metrics/index.js";
import { encodeIntegers, encodeStrings } from "../../../portability/metrics/payload.js";
import { MonitoringInfoSpecs } from "../../../portability/urns.js";

const { USER_SUM_INT64, USER_DISTRIBUTION_INT64, USER_SET_STRING } = MonitoringInfoSpecs.Enum;

/** `MetricUpdate`, as far as it is read. */
export interface MetricUpdate {
  readonly name?: {
    readonly name?: string;
    readonly origin?: string;
    readonly context?: Readonly<Record<string, string>>;
  };
  readonly scalar?: unknown;
  readonly distribution?: unknown;
  readonly set?: unknown;
}

/**
 * The author's metrics, as they were committed; of those that were not, as they were attempted.
 *
 * Of distributions the service also tells each figure as a metric of its own, for its console: these are left out. Gauges and
 * tries it does not tell.
 */
export function dataflowMetrics(updates: readonly MetricUpdate[]): MetricsContainer {
  const known = new Map<string, { readonly info: MonitoringInfo; readonly tentative: boolean }>();
  const distributions = new Set(updates.flatMap((each) => (each.distribution === undefined ? [] : [identityOf(each)])));
  for (const update of updates) {
    const { name: { name = "", origin, context = {} } = {} } = update;
    const step = context["step"];
    if (origin !== "user" || step === undefined || isPartOf(update, distributions)) continue;
    const value = measured(update);
    if (value === undefined) continue;
    const labels = { PTRANSFORM: step, NAMESPACE: context["namespace"] ?? "", NAME: name };
    const info = create(MonitoringInfoSchema, { ...value, labels });
    const key = JSON.stringify([value.urn, labels]);
    const tentative = context["tentative"] === "true";
    if (!tentative || known.get(key)?.tentative !== false) known.set(key, { info, tentative });
  }
  return MetricsContainer.fromMonitoringInfos(Array.from(known.values(), ({ info }) => info));
}

function identityOf({ name: { name = "", context = {} } = {} }: MetricUpdate, of = name): string {
  return JSON.stringify([context["step"], context["namespace"], context["tentative"] ?? "", of]);
}

/** Whether it is one figure of a distribution that is there as a whole. */
function isPartOf(update: MetricUpdate, distributions: ReadonlySet<string>): boolean {
  const whole = /^(.+)_(?:MIN|MAX|MEAN|COUNT)$/.exec(update.name?.name ?? "")?.[1];
  return whole !== undefined && distributions.has(identityOf(update, whole));
}

function measured({ scalar, distribution, set }: MetricUpdate) {
  if (typeof distribution === "object" && distribution !== null) {
    const figures = ["count", "sum", "min", "max"].map((name) =>
      integer((distribution as Record<string, unknown>)[name]),
    );
    if (figures.every((each) => each !== undefined)) {
      return { urn: USER_DISTRIBUTION_INT64.urn, type: USER_DISTRIBUTION_INT64.type, payload: encodeIntegers(figures) };
    }
  }
  if (Array.isArray(set)) {
    const strings = set.filter((each): each is string => typeof each === "string");
    return { urn: USER_SET_STRING.urn, type: USER_SET_STRING.type, payload: encodeStrings(new Set(strings)) };
  }
  const sum = integer(scalar);
  return sum === undefined
    ? undefined
    : { urn: USER_SUM_INT64.urn, type: USER_SUM_INT64.type, payload: encodeIntegers([sum]) };
}

/** JSON has 64-bit integers as numbers or texts. */
function integer(value: unknown): number | bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== "string" || !/^-?\d+$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}
