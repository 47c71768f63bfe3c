/** Retractions, as SDK and runner agree on them beyond what the protocol says. */

/**
 * The annotation of a transform which takes what is taken back for elements like others: what comes of it retracts nothing. Its
 * value says nothing. A runner that does not know it has no panes that retract.
 */
export const HANDLES_RETRACTIONS = "girder:handles_retractions:v1";
