/** `node subject.js JOB SUBJECT`: measures one job for one subject and prints the measurement as a line of JSON. */
import type { Subject } from "./job.js";
import { JOBS } from "./jobs/index.js";
import { measure } from "./run-job.js";

const [name, subject] = process.argv.slice(2);
const job = JOBS.find((each) => each.name === name);
if (job === undefined) throw new Error(`no job is named ${name}`);
console.log(JSON.stringify(await measure(job, subject as Subject)));
