/** By which address workers find services that listen on all addresses of a machine. */
import { isIP } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";

/**
 * The host that a worker is told.
 *
 * @param listening What the services listen on, without brackets. Unless that is all addresses, it is what workers are told.
 * @param peer Host of the machine on which the worker is started. Default: this one.
 * @param interfaces Addresses of this machine. Default: what the system says.
 */
export function reachableHost(
  listening: string,
  peer?: string,
  interfaces: Iterable<readonly NetworkInterfaceInfo[] | undefined> = Object.values(networkInterfaces()),
): string {
  const family = listening === "0.0.0.0" ? "IPv4" : listening === "::" ? "IPv6" : undefined;
  if (family === undefined) return listening;
  const loopback = family === "IPv4" ? "127.0.0.1" : "::1";
  if (peer === undefined || isThisMachine(peer)) return loopback;
  const external = [...interfaces].flatMap((it) => it ?? []).filter((it) => !it.internal && it.family === family);
  return (
    (external.find(({ address, netmask }) => sameNetwork(address, peer, netmask)) ?? external[0])?.address ?? loopback
  );
}

/** The host in `host:port`. */
export function hostOf(address: string): string {
  return address
    .replace(/^[a-z]+:\/\/+/, "")
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function sameNetwork(a: string, b: string, netmask: string): boolean {
  if (isIP(a) !== 4 || isIP(b) !== 4) return false;
  const mask = numberOf(netmask);
  return (numberOf(a) & mask) === (numberOf(b) & mask);
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => (sum << 8) | Number(part), 0);
}
