import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { hostOf, reachableHost } from "./reachable-address.js";

const address = (family: "IPv4" | "IPv6", text: string, netmask: string, internal = false): NetworkInterfaceInfo[] => [
  { family, address: text, netmask, internal, mac: "", cidr: null, scopeid: 0 } as NetworkInterfaceInfo,
];

const INTERFACES = [
  address("IPv4", "127.0.0.1", "255.0.0.0", true),
  address("IPv4", "192.0.2.7", "255.255.255.0"),
  address("IPv6", "2001:db8::7", "ffff:ffff:ffff:ffff::"),
  address("IPv4", "198.51.100.7", "255.255.255.0"),
];

describe("the host that workers are told", () => {
  it("is what the services listen on, if that is one address", () => {
    for (const host of ["127.0.0.1", "::1", "localhost", "192.0.2.7", "runner.example.org"]) {
      assert.equal(reachableHost(host, "198.51.100.9", INTERFACES), host);
    }
  });

  it("is this machine for workers of this machine, where the services listen on all addresses", () => {
    assert.equal(reachableHost("0.0.0.0"), "127.0.0.1");
    assert.equal(reachableHost("::"), "::1");
    for (const peer of ["localhost", "127.0.1.1", "::1"]) assert.equal(reachableHost("0.0.0.0", peer), "127.0.0.1");
  });

  it("is an address of this machine in the network of a pool elsewhere, or at least one that is not only its own", () => {
    assert.equal(reachableHost("0.0.0.0", "198.51.100.9", INTERFACES), "198.51.100.7");
    assert.equal(reachableHost("0.0.0.0", "203.0.113.1", INTERFACES), "192.0.2.7");
    assert.equal(reachableHost("0.0.0.0", "pool.example.org", INTERFACES), "192.0.2.7");
    assert.equal(reachableHost("::", "pool.example.org", INTERFACES), "2001:db8::7");
    assert.equal(reachableHost("0.0.0.0", "203.0.113.1", INTERFACES.slice(0, 1)), "127.0.0.1");
  });

  it("is found in an address", () => {
    for (const [text, host] of [
      ["localhost:80", "localhost"],
      ["[2001:db8::1]:80", "2001:db8::1"],
      ["dns:///pool:5000", "pool"],
      ["192.0.2.1", "192.0.2.1"],
    ] as const) {
      assert.equal(hostOf(text), host);
    }
  });
});
