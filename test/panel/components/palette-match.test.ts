import { expect, test } from "bun:test";
import { bestMatches } from "../../../src/panel/components/palette-match.ts";

const entries = [
  { label: "New conversation" },
  { label: "Devices and access", also: "devices" },
  { label: "/new", also: "Begin anew" },
  { label: "Letter to the landlord" },
  { label: "设置", also: "settings" },
];
const found = (typed: string) => bestMatches(entries, typed).map(({ label }) => label);

test("bestMatches gives all in their order where nothing is typed", () => {
  expect(bestMatches(entries, "  ")).toBe(entries);
});

test("bestMatches prefers beginnings to words inside, and those to letters that are apart", () => {
  expect(found("new")).toEqual(["New conversation", "/new"]);
  expect(found("land")).toEqual(["Letter to the landlord"]);
  expect(found("dvc")).toEqual(["Devices and access"]);
  expect(found("acc dev")).toEqual(["Devices and access"]);
});

test("bestMatches finds by hidden words and in any script, and nothing where a word is missing", () => {
  expect(found("settings")).toEqual(["设置"]);
  expect(found("设")).toEqual(["设置"]);
  expect(found("new nowhere")).toEqual([]);
});
