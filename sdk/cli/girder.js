#!/usr/bin/env node
// The command, executable in the repository: what the compiler writes is not.
import "../../dist/bundle/sdk/cli/main.js";
