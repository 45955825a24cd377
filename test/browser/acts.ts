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

/** Goes there, and resolves when there is nothing more to come. */
export async function goTo(page: Page, place: string): Promise<void> {
  await closeAll(page);
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
  await page.settled();
  await page.until("document.querySelector('.main h1')?.innerText && !document.querySelector('.late')", place);
}

/** Menus and dialogs. */
export async function closeAll(page: Page): Promise<void> {
  if (!(await page.evaluate<boolean>("!!document.querySelector('dialog, .popover')"))) return;
  await page.press("Escape");
  await page.until("!document.querySelector('dialog, .popover')", "it to close");
}

/** Everything that can be opened in place. */
export async function openFolds(page: Page): Promise<void> {
  const opened = await page.evaluate<number>(
    "[...document.querySelectorAll('details:not([open])')].map((fold) => { fold.open = true; }).length",
  );
  if (opened > 0) await page.settled();
}
