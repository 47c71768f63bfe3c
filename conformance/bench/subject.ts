/** `node subject.js JOB[,JOB…] SUBJECT`: measures jobs for one subject, one after the other in this process; a line of JSON each. */
import type { Subject } from "./job.js";
import { JOBS } from "./jobs/index.js";
import { measure } from "./run-job.js";

const [names = "", subject] = process.argv.slice(2);
for (const name of names.split(",")) {
  const job = JOBS.find((each) => each.name === name);
  if (job === undefined) throw new Error(`no job is named ${name}`);
  console.log(JSON.stringify(await measure(job, subject as Subject)));
}
