import { describe, expect, test } from "bun:test";
import { renderTemplate, templateFault } from "../../src/webhook/template.ts";

const names = { event: "issues.opened", name: "github" };
const render = (template: string, payload: unknown) => renderTemplate(template, payload, names).text;

describe("renderTemplate", () => {
  test("takes fields, items of lists, the first of several, a text for when there is none", () => {
    const payload = {
      issue: { title: "Broken", labels: [{ name: "bug" }, { name: "ui" }], body: null },
      n: 0,
      ok: false,
    };
    expect(render("{{issue.title}}: {{ issue.labels[1].name }} {{n}} {{ok}}", payload)).toBe("Broken: ui 0 false");
    expect(render('{{issue.body || issue.text || "nothing said"}}', payload)).toBe("nothing said");
    expect(render("[{{missing.field}}]", payload)).toBe("[]");
    expect(render("{{$name}} {{$event}}", payload)).toBe("github issues.opened");
  });

  test("shows what is no text as indented JSON, and all with $", () => {
    expect(render("{{a}}", { a: { b: [1] } })).toBe('{\n  "b": [\n    1\n  ]\n}');
    expect(render("{{$}}", { a: 1 })).toBe('{\n  "a": 1\n}');
  });

  test("never reads what is filled in as a template again", () => {
    const payload = { title: "{{secret}} {{$}}", secret: "canary" };
    expect(render("New: {{title}}", payload)).toBe("New: {{secret}} {{$}}");
  });

  test("reaches own fields alone", () => {
    for (const path of ["constructor", "__proto__", "toString", "a.constructor.name", "a.length", "list.at"]) {
      expect(render(`[{{${path}}}]`, { a: "x", list: [] })).toBe("[]");
    }
    expect(render("{{__proto__}}", JSON.parse('{"__proto__": "own"}'))).toBe("own");
  });

  test("knows which pieces came from outside: not the owner's words, nor his name of it", () => {
    const { text, outside } = renderTemplate(
      '{{$name}}: {{a}} and {{b || "none"}} by {{c}}',
      { a: "one", c: "two" },
      names,
    );
    expect(text).toBe("github: one and none by two");
    expect(outside.map(([from, to]) => text.slice(from, to))).toEqual(["one", "two"]);
  });

  test("bounds each field and all together", () => {
    const text = render("{{a}}", { a: "x".repeat(50_000) });
    expect([text.length < 21_000, text.endsWith("… (30000 characters left out)")]).toEqual([true, true]);
    expect(render("{{a}}".repeat(50), { a: "x".repeat(20_000) }).length).toBeLessThan(110_000);
    expect(render("{{a}}", { a: `${"x".repeat(19_999)}😀` }).isWellFormed()).toBe(true);
  });
});

test("templateFault says what is wrong with a template", () => {
  expect(templateFault("plain {{a.b}} {{$}}")).toBeUndefined();
  expect(templateFault("{{a")).toBe('has "{{" without its "}}"');
  expect(templateFault("{{}}")).toContain("cannot read");
  expect(templateFault("{{a()}} {{a b}}")).toContain("cannot read");
  expect(templateFault("{{$secret}}")).toContain("cannot read");
  expect(templateFault("{{a}}".repeat(101))).toBe("has more than 100 places");
});
