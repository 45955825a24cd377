/**
 * What is known of the vendors' current models without asking them, as of 2026-11-21. The config wins over it, and so
 * does what a vendor tells of its models. Kept by hand: change the date with the facts, leave out what no source says.
 *
 * Sources: the vendors' pages of models and prices (platform.claude.com/docs/en/about-claude/pricing and
 * .../docs/en/models, developers.openai.com/api/docs/models, ai.google.dev/gemini-api/docs/pricing), read directly where
 * they could be had, otherwise through models.dev (2026-07-02) and release notes that quote them. Prices are standard
 * ones in US dollars per million tokens, without batch, flex, fast or regional rates; of cache writes the shortest kind.
 */
import type { ModelFacts, ModelPrice } from "../../sdk/provider.ts";

type Catalogue = Readonly<Record<string, ModelFacts>>;

const ABLE = { tools: true, vision: true, thinking: true } as const;
const MILLION = 1_000_000;

/** Anthropic: a cache write costs a quarter more than input. */
function claude(
  contextWindow: number,
  maxOutput: number,
  input: number,
  output: number,
  cacheRead: number,
): ModelFacts {
  return { contextWindow, maxOutput, ...ABLE, price: { input, output, cacheRead, cacheWrite: input * 1.25 } };
}

const ANTHROPIC: Catalogue = {
  "claude-fable-5-2": claude(MILLION, 128_000, 8, 40, 0.2),
  "claude-fable-5-1": claude(MILLION, 128_000, 10, 50, 0.25),
  "claude-fable-5": claude(MILLION, 128_000, 10, 50, 1),
  "claude-mythos-5-1": claude(MILLION, 128_000, 10, 50, 0.25),
  "claude-mythos-5": claude(MILLION, 128_000, 10, 50, 1),
  "claude-opus-5-5": claude(MILLION, 128_000, 4, 20, 0.2),
  "claude-opus-5": claude(MILLION, 128_000, 5, 25, 0.5),
  "claude-sonnet-5-5": claude(MILLION, 128_000, 2, 10, 0.1),
  "claude-sonnet-5": claude(MILLION, 128_000, 2, 10, 0.2),
  "claude-haiku-5-5": {
    contextWindow: MILLION,
    maxOutput: 128_000,
    ...ABLE,
    price: {
      input: 0.1,
      output: 0.5,
      cacheRead: 0.01,
      cacheWrite: 0.125,
      long: { over: 100_000, input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625 },
    },
  },
  "claude-opus-4-8": claude(MILLION, 128_000, 5, 25, 0.5),
  "claude-opus-4-7": claude(MILLION, 128_000, 5, 25, 0.5),
  "claude-opus-4-6": claude(MILLION, 128_000, 5, 25, 0.5),
  "claude-opus-4-5": claude(200_000, 64_000, 5, 25, 0.5),
  "claude-sonnet-4-6": claude(MILLION, 64_000, 3, 15, 0.3),
  "claude-sonnet-4-5": claude(200_000, 64_000, 3, 15, 0.3),
  "claude-haiku-4-5": claude(200_000, 64_000, 1, 5, 0.1),
};

/** OpenAI's long prompts: all of the request costs double, its output half as much again. */
function withLong(price: Omit<ModelPrice, "long">): ModelPrice {
  const { input, output, cacheRead, cacheWrite } = price;
  return {
    ...price,
    long: {
      over: 272_000,
      input: input * 2,
      output: output * 1.5,
      ...(cacheRead === undefined ? {} : { cacheRead: cacheRead * 2 }),
      ...(cacheWrite === undefined ? {} : { cacheWrite: cacheWrite * 2 }),
    },
  };
}

const GPT_LARGE = { contextWindow: 1_050_000, maxOutput: 128_000, ...ABLE } as const;
const GPT_400K = { contextWindow: 400_000, maxOutput: 128_000, ...ABLE } as const;
const GPT_4_1 = { contextWindow: 1_047_576, maxOutput: 32_768, tools: true, vision: true, thinking: false } as const;
const GPT_4O = { contextWindow: 128_000, maxOutput: 16_384, tools: true, vision: true, thinking: false } as const;
const O_SERIES = { contextWindow: 200_000, maxOutput: 100_000, ...ABLE } as const;
const EMBEDDING = { tools: false, vision: false, thinking: false } as const;

const OPENAI: Catalogue = {
  "gpt-6-astra": { ...GPT_LARGE, price: withLong({ input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 }) },
  "gpt-6.1-sol": { ...GPT_LARGE, price: withLong({ input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 }) },
  "gpt-6.1-terra": { ...GPT_LARGE, price: withLong({ input: 1, output: 5, cacheRead: 0.05, cacheWrite: 1.25 }) },
  "gpt-6-sol": { ...GPT_LARGE, price: withLong({ input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 }) },
  "gpt-6-luna": { ...GPT_LARGE, price: withLong({ input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125 }) },
  // Its price was announced to 2026-11-21 only.
  "gpt-5.6-sol": GPT_LARGE,
  "gpt-5.6-terra": { ...GPT_LARGE, price: withLong({ input: 2, output: 12, cacheRead: 0.2 }) },
  "gpt-5.6-luna": { ...GPT_LARGE, price: withLong({ input: 0.2, output: 1.2, cacheRead: 0.02 }) },
  "gpt-5.5": { ...GPT_LARGE, price: withLong({ input: 5, output: 30, cacheRead: 0.5 }) },
  "gpt-5.5-pro": { ...GPT_LARGE, price: withLong({ input: 30, output: 180 }) },
  "gpt-5.4": { ...GPT_LARGE, price: withLong({ input: 2.5, output: 15, cacheRead: 0.25 }) },
  "gpt-5.4-mini": { ...GPT_400K, price: { input: 0.75, output: 4.5, cacheRead: 0.075 } },
  "gpt-5.4-nano": { ...GPT_400K, price: { input: 0.2, output: 1.25, cacheRead: 0.02 } },
  "gpt-5.2": { ...GPT_400K, price: { input: 1.75, output: 14, cacheRead: 0.175 } },
  "gpt-5.1": { ...GPT_400K, price: { input: 1.25, output: 10, cacheRead: 0.125 } },
  "gpt-5": { ...GPT_400K, price: { input: 1.25, output: 10, cacheRead: 0.125 } },
  "gpt-5-mini": { ...GPT_400K, price: { input: 0.25, output: 2, cacheRead: 0.025 } },
  "gpt-5-nano": { ...GPT_400K, price: { input: 0.05, output: 0.4, cacheRead: 0.005 } },
  "gpt-4.1": { ...GPT_4_1, price: { input: 2, output: 8, cacheRead: 0.5 } },
  "gpt-4.1-mini": { ...GPT_4_1, price: { input: 0.4, output: 1.6, cacheRead: 0.1 } },
  "gpt-4.1-nano": { ...GPT_4_1, price: { input: 0.1, output: 0.4, cacheRead: 0.025 } },
  "gpt-4o": { ...GPT_4O, price: { input: 2.5, output: 10, cacheRead: 1.25 } },
  "gpt-4o-mini": { ...GPT_4O, price: { input: 0.15, output: 0.6, cacheRead: 0.075 } },
  o3: { ...O_SERIES, price: { input: 2, output: 8, cacheRead: 0.5 } },
  "o4-mini": { ...O_SERIES, price: { input: 1.1, output: 4.4, cacheRead: 0.275 } },
  "text-embedding-3-small": { contextWindow: 8_191, ...EMBEDDING, price: { input: 0.02, output: 0 } },
  "text-embedding-3-large": { contextWindow: 8_191, ...EMBEDDING, price: { input: 0.13, output: 0 } },
};

const GEMINI_ANY = { contextWindow: 1_048_576, maxOutput: 65_536, ...ABLE } as const;

/** Audio in a prompt costs more with some of them, which the counts that we get do not tell apart. */
const GEMINI: Catalogue = {
  "gemini-3.8-flash": {
    ...GEMINI_ANY,
    price: { input: 0.75, output: 3.75, cacheRead: 0.075 },
    // Half of what it costs from 2027 on.
    priceUntil: "2027-01-01",
  },
  "gemini-3.1-pro-preview": {
    ...GEMINI_ANY,
    price: {
      input: 2,
      output: 12,
      cacheRead: 0.2,
      long: { over: 200_000, input: 4, output: 18, cacheRead: 0.4 },
    },
  },
  "gemini-3.1-flash-lite": { ...GEMINI_ANY, price: { input: 0.25, output: 1.5, cacheRead: 0.025 } },
  "gemini-3-flash-preview": { ...GEMINI_ANY, price: { input: 0.5, output: 3, cacheRead: 0.05 } },
  "gemini-2.5-pro": {
    ...GEMINI_ANY,
    price: {
      input: 1.25,
      output: 10,
      cacheRead: 0.125,
      long: { over: 200_000, input: 2.5, output: 15, cacheRead: 0.25 },
    },
  },
  "gemini-2.5-flash": { ...GEMINI_ANY, price: { input: 0.3, output: 2.5, cacheRead: 0.03 } },
  "gemini-2.5-flash-lite": { ...GEMINI_ANY, price: { input: 0.1, output: 0.4, cacheRead: 0.01 } },
  // Which model these names stand for changes, and with it the price.
  "gemini-flash-latest": GEMINI_ANY,
  "gemini-embedding-001": { contextWindow: 2_048, ...EMBEDDING, price: { input: 0.15, output: 0 } },
};

export const catalogue = { anthropic: ANTHROPIC, openai: OPENAI, gemini: GEMINI } as const;
