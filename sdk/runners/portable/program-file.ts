/** Name of the file that a program is made into, on the machine that submits it and among a worker's artifacts. */
export const PROGRAM_FILE = "girder-program.mjs";
