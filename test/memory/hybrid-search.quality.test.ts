/**
 * How well facts are found: 600 generated facts about 120 people, and 360 questions with one right answer each. A third of the questions
 * uses the words of the fact, a third says the same with other words, a third is Chinese. The vectors are those of the stand-in, which
 * knows the other words because it is told: what is measured is how the ways to search work together, not any model.
 */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { OWNER, testMemory } from "../support/memory.ts";
import { seededRandom } from "../support/random.ts";

const SAME = [
  ["physician", "doctor"],
  ["automobile", "car"],
  ["kid", "child"],
  ["residence", "home"],
  ["canine", "dog"],
  ["cycling", "biking"],
  ["film", "movie"],
  ["autumn", "fall"],
  ["present", "gift"],
  ["illness", "sickness"],
  ["garbage", "rubbish"],
  ["sea", "ocean"],
];
const TOWNS = ["Berlin", "Oslo", "Rome", "Lima", "Kyoto", "Cairo", "Quito", "Perth", "Bern", "Turin"];
const [FAMILY, GIVEN, CITIES] = [
  "王李张刘陈杨赵黄周吴",
  "伟芳娜敏静丽强磊军洋",
  ["柏林", "东京", "上海", "巴黎", "罗马", "伦敦"],
];

interface Question {
  readonly kind: "same words" | "other words" | "Chinese";
  readonly question: string;
  readonly answer: string;
}

function generate() {
  const random = seededRandom(11);
  const pick = <T>(from: readonly T[] | string): T | string => from[Math.floor(random() * from.length)]!;
  const facts: string[] = [];
  const questions: Question[] = [];
  for (let index = 0; index < 120; index++) {
    const name = `Person${index.toString(36)}${String.fromCharCode(97 + (index % 26))}`;
    const [word, other] = SAME[index % SAME.length]!;
    const town = TOWNS[Math.floor(index / SAME.length)]!;
    const about = `The ${word} festival happens in ${town}`;
    const chinese = `${FAMILY[index % 10]}${GIVEN[Math.floor(index / 10) % 10]}${index >= 100 ? "明" : ""}住在${pick(CITIES)}`;
    const holiday = `${name} spends the summer in ${pick(TOWNS)}`;
    facts.push(about, chinese, holiday, `${name} has met the neighbours`, `${name} is fond of ${pick(TOWNS)}`);
    questions.push(
      { kind: "same words", question: `Where does ${name} spend the summer?`, answer: holiday },
      { kind: "other words", question: `When is the ${other} festival in ${town}?`, answer: about },
      { kind: "Chinese", question: `${chinese.split("住在")[0]}现在住在哪里？`, answer: chinese },
    );
  }
  return { facts, questions };
}

function share(
  questions: readonly Question[],
  found: ReadonlyMap<string, readonly string[]>,
  kind: Question["kind"],
): number {
  const own = questions.filter((question) => question.kind === kind);
  return own.filter(({ question, answer }) => found.get(question)!.includes(answer)).length / own.length;
}

/** FTS5 as it comes: all words of the question, by BM25. */
function plainFts(facts: readonly string[], tokenize: string) {
  const db = new Database(":memory:");
  db.run(`CREATE VIRTUAL TABLE t USING fts5 (content, tokenize = '${tokenize}')`);
  const insert = db.query("INSERT INTO t VALUES (?)");
  for (const fact of facts) insert.run(fact);
  return (question: string): string[] => {
    const trigrams = [...question].slice(2).map((_, index) => question.slice(index, index + 3));
    const words = (tokenize === "trigram" ? trigrams : question.match(/[\p{L}\p{N}]+/gu)!).map((word) => `"${word}"`);
    const rows = db.query<{ content: string }, [string]>("SELECT content FROM t WHERE t MATCH ? ORDER BY rank LIMIT 5");
    return rows.all(words.join(" OR ")).map(({ content }) => content);
  };
}

test("Memory finds at least what plain FTS5 does, more in Chinese, and with vectors what is said in other words", async () => {
  const { facts, questions } = generate();
  const score = async (search: (question: string) => string[] | Promise<string[]>) => {
    const found = new Map<string, readonly string[]>();
    for (const { question } of questions) found.set(question, await search(question));
    return (["same words", "other words", "Chinese"] as const).map((kind) => share(questions, found, kind));
  };
  const ours = async (vectors?: readonly (readonly string[])[]) => {
    await using t = await testMemory({ settings: { file: false }, ...(vectors ? { vectors } : {}) });
    for (const fact of facts) await t.memory.store("main", OWNER, { content: fact, source: "person", trusted: true });
    await t.memory.settled();
    return await score((question) => t.search(question));
  };
  const results = {
    unicode61: await score(plainFts(facts, "unicode61")),
    trigram: await score(plainFts(facts, "trigram")),
    words: await ours(),
    hybrid: await ours(SAME),
  };
  const [plain, words, hybrid] = [results.unicode61, results.words, results.hybrid];
  expect(words.every((value, index) => value >= plain[index]!)).toBe(true);
  expect(hybrid.every((value) => value >= 0.95)).toBe(true);
  expect(hybrid[1]).toBeGreaterThan(words[1]! + 0.2);
  expect(words[2]).toBeGreaterThan(plain[2]! + 0.5);
}, 60_000);
