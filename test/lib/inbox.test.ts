import { expect, test } from "bun:test";
import { Inbox } from "../../src/lib/inbox.ts";

test("Inbox keeps what comes early, in order, and hands on the rest at once", () => {
  const inbox = new Inbox<number>();
  inbox.push(1);
  inbox.push(2);
  const seen: number[] = [];
  inbox.listener = (item) => seen.push(item);
  expect(seen).toEqual([1, 2]);
  inbox.push(3);
  const other: number[] = [];
  inbox.listener = (item) => other.push(item);
  inbox.push(4);
  expect({ seen, other }).toEqual({ seen: [1, 2, 3], other: [4] });
});

test("Inbox can be pushed to through its listener, whoever listens", () => {
  const inbox = new Inbox<number>();
  inbox.listener(1);
  const seen: number[] = [];
  inbox.listener = (item) => seen.push(item);
  inbox.listener(2);
  expect(seen).toEqual([1, 2]);
});
