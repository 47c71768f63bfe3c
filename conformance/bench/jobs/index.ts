import type { Job } from "../job.js";
import { combinePerKeyJob } from "./combine-per-key.js";
import { groupByKeyJob } from "./group-by-key.js";
import { tenMapsJob } from "./ten-maps.js";
import { windowedCountJob } from "./windowed-count.js";
import { wordcountJob } from "./wordcount.js";

export const JOBS: readonly Job[] = [wordcountJob, groupByKeyJob, combinePerKeyJob, tenMapsJob, windowedCountJob];
