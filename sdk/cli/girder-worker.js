#!/usr/bin/env node
// A worker, executable in the repository: what the compiler writes is not.
import "../../dist/bundle/sdk/cli/worker-main.js";
