import { expect, test } from "bun:test";
import { findTailnetAddress } from "../../src/remote/tailnet.ts";

const addresses = (...list: string[]) => list.map((address) => ({ address }));
const LAN = { lo: addresses("127.0.0.1", "::1"), eth0: addresses("192.168.1.5", "fe80::1", "2001:db8::5") };

test("findTailnetAddress finds nothing where there is no tailnet", () => {
  expect(findTailnetAddress(LAN)).toBeUndefined();
  expect(
    findTailnetAddress({ ...LAN, eth1: addresses("100.63.255.255", "100.128.0.1", "fd7b:115c:a1e0::1") }),
  ).toBeUndefined();
  expect(findTailnetAddress({ eth0: undefined })).toBeUndefined();
});

test.each(["100.64.0.0", "100.101.102.103", "100.127.255.255"])("findTailnetAddress finds %s", (address) => {
  expect(findTailnetAddress({ ...LAN, tailscale0: addresses("fd7a:115c:a1e0::1", address) })).toEqual({
    address,
    interfaceName: "tailscale0",
    isCertain: true,
  });
});

test("findTailnetAddress takes the IPv6 address where there is no other", () => {
  expect(findTailnetAddress({ ...LAN, utun4: addresses("fe80::2", "fd7a:115c:a1e0::7") })).toEqual({
    address: "fd7a:115c:a1e0::7",
    interfaceName: "utun4",
    isCertain: true,
  });
});

test("findTailnetAddress prefers an interface of a tailnet to a carrier's line, and says when it is not sure", () => {
  const carrier = { wwan0: addresses("100.70.1.1") };
  expect(findTailnetAddress({ ...carrier, tailscale0: addresses("100.101.102.103") })).toEqual({
    address: "100.101.102.103",
    interfaceName: "tailscale0",
    isCertain: true,
  });
  expect(findTailnetAddress(carrier)).toEqual({ address: "100.70.1.1", interfaceName: "wwan0", isCertain: false });
});
