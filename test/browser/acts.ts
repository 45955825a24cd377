/** What a person does in the panel's conversation, and what they read there. */
import type { Page, Shape } from "./page.ts";

export const PHONE: Shape = { width: 360, height: 740, touch: true };

export async function say(page: Page, words: string): Promise<void> {
  await page.click("#composer");
  await page.type(words);
  await page.press("Enter");
}

/** Resolves when the `count`th answer of what is shown has ended. */
export async function answered(page: Page, count = 1): Promise<void> {
  await page.until(`document.querySelectorAll('.answer .facts').length >= ${count}`, "the end of the answer");
}

export function text(page: Page, selector: string): Promise<string> {
  return page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`);
}

/** The key of the conversation that is open, or is about to be. */
export async function sessionOf(page: Page): Promise<string> {
  const hash = await page.until<string>("location.hash.startsWith('#/s/') && location.hash", "a conversation");
  return decodeURIComponent(hash.replace("#/s/", ""));
}

export async function openSession(page: Page, key: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/s/${encodeURIComponent(key)}`)}`);
}
