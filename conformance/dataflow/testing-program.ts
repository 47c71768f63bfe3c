/** The program of the specs of Dataflow, as workers run it: what it builds, a spec builds, too. */
import { run } from "girder";
import { build } from "./testing-pipeline.js";

await run(build);
