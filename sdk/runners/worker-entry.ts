/** What a program's file for workers begins with: what it needs as a worker is part of it, and loaded with it. */
import { ambient, setAmbient } from "./ambient.js";
import { runInWorker } from "./worker-mode.js";

setAmbient({ ...ambient(), serve: runInWorker });
