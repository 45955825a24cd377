import { describe, expect, test } from "bun:test";
import { parseJson } from "../../src/lib/json-source.ts";
import { MAX_DEPTH, parseFrame } from "../../src/protocol/jsonrpc.ts";
import { testApp } from "../support/app.ts";
import { readCorpus, textOf } from "./corpus.ts";

const corpus = (await readCorpus("json-test-suite")).flatMap((file) => {
  const name = /^test_parsing\/((?:y|n|i)_.*)\.json$/.exec(file.path)?.[1];
  return name === undefined ? [] : [{ name, text: textOf(file), bytes: file.bytes }];
});
const texts = corpus.flatMap(({ name, text }) => (text === undefined ? [] : [{ name, text }]));

/** JSON by its grammar, but one object holds a name twice: which of the two is meant nobody knows. */
const DOUBLED = ["y_object_duplicated_key", "y_object_duplicated_key_and_value"];

test("the suite is whole", () => {
  const count = (kind: string) => corpus.filter(({ name }) => name.startsWith(kind)).length;
  expect({ y: count("y_"), n: count("n_"), i: count("i_"), texts: texts.length }).toEqual({
    y: 95,
    n: 188,
    i: 35,
    texts: 293,
  });
});

describe("parseJson", () => {
  test("takes what is JSON with the value that JSON.parse finds, and refuses what is not", () => {
    const wrong = texts.flatMap(({ name, text }) => {
      const parsed = parseJson(text, { maxDepth: 600 });
      if (name.startsWith("n_")) return "fault" in parsed ? [] : [`${name} was taken`];
      if (DOUBLED.includes(name)) return "fault" in parsed ? [] : [`${name} was taken`];
      if ("fault" in parsed) return name.startsWith("y_") ? [`${name}: ${parsed.fault.message}`] : [];
      return Bun.deepEquals(parsed.value, JSON.parse(text.replace(/^\ufeff/, "")), true)
        ? []
        : [`${name} has another value`];
    });
    expect(wrong).toEqual([]);
  });
});

describe("parseFrame", () => {
  test("takes what is JSON and refuses what is not", () => {
    const wrong = texts.flatMap(({ name, text }) => {
      let taken = true;
      try {
        parseFrame(text);
      } catch {
        taken = false;
      }
      return name.startsWith("i_") || taken === name.startsWith("y_") ? [] : [name];
    });
    expect(wrong).toEqual([]);
  });
});

describe("the server", () => {
  test("answers each text of the suite on one socket, JSON as a bad request and the rest as no JSON", async () => {
    await using t = await testApp();
    const socket = new WebSocket(t.wsUrl);
    const answers: string[] = [];
    let wake = () => {};
    socket.addEventListener("message", ({ data }) => {
      // Events go to the same socket; an answer has no topic.
      if (!String(data).includes('"method":')) answers.push(String(data));
      wake();
    });
    socket.addEventListener("close", () => wake());
    const ask = async (text: string): Promise<string> => {
      socket.send(text);
      while (answers.length === 0 && socket.readyState === WebSocket.OPEN) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return answers.shift() ?? "closed";
    };
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const hello = { client: { id: "suite", version: "1" }, auth: { token: t.token } };
    expect(await ask(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "connect", params: hello }))).toContain(
      '"result"',
    );
    const wrong: string[] = [];
    for (const { name, text } of texts) {
      const [answer] = [JSON.parse(await ask(text))].flat() as { error?: { data?: { reason?: string } } }[];
      const reason = answer?.error?.data?.reason;
      const deep = /nested_arrays|opening_arrays|open_array_object/.test(name) && text.length > MAX_DEPTH;
      const wanted = name.startsWith("y_") || deep ? ["invalid_request"] : ["parse_error"];
      if (name.startsWith("i_")) wanted.push("invalid_request");
      if (!reason || !wanted.includes(reason)) wrong.push(`${name}: ${reason}`);
    }
    expect(wrong).toEqual([]);
    expect(JSON.parse(await ask('{"jsonrpc":"2.0","id":2,"method":"rpc.ping"}'))).toMatchObject({ id: 2 });
    socket.close();
  });

  test("refuses each body of the suite at /v1 as the caller's fault", async () => {
    await using t = await testApp();
    const wrong: string[] = [];
    for (const { name, bytes } of corpus) {
      const answer = await fetch(`${t.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${t.token}`, "content-type": "application/json" },
        body: bytes,
      });
      const { error } = (await answer.json()) as { error?: { message?: string } };
      if (answer.status !== 400 || !error?.message) wrong.push(`${name}: ${answer.status} ${error?.message}`);
    }
    expect(wrong).toEqual([]);
  });
});
