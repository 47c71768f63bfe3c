/**
 * What the official package asks of programs so that their functions can be sent to workers.
 *
 * @module girder/apache-beam/serialization
 */

/**
 * Does nothing: functions are never serialised here. A worker runs the same program and finds them under the names of their
 * transforms, whatever they refer to.
 */
export function requireForSerialization(_moduleName: string, _values: object = {}): void {}
