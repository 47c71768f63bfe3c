/**
 * In place of modules that the official tests load whatever they run: clients of a cloud, and internals of the official package. The
 * tests that use them are not run.
 */
const absent = {};

export = absent;
