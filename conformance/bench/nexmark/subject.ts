/** `node subject.js ROW SUBJECT [EVENTS] [--bounded]`: measures a row for one subject in this process; prints a line of JSON. */
import { measure } from "./measure.js";
import type { RowSubject } from "./row.js";
import { ROWS } from "./rows.js";

const [name, subject, elements = "", source] = process.argv.slice(2);
const row = ROWS.find((each) => each.name === name);
if (row === undefined) throw new Error(`no row is named ${name}`);
const options = { elements: elements === "" ? undefined : Number(elements), bounded: source === "--bounded" };
console.log(JSON.stringify(await measure(row, subject as RowSubject, options)));
