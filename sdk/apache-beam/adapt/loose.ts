/**
 * A type that the official declarations leave open: rows whose fields are given by name, elements behind a key of any kind.
 * Programs written for them count on that, so that a stricter type would not be the same door.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above; the clean API has types for all of it.
export type Loose = any;
