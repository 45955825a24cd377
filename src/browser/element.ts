/** One thing on a page: found by reference or selector, clicked, typed into, given files. */
import { AlephError } from "../protocol/errors.ts";

/** Calls the page that it is on. */
export type PageCall = <T>(method: string, params?: Readonly<Record<string, unknown>>) => Promise<T>;

interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
}

interface Evaluated {
  readonly result: RemoteObject;
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

type Kind = "select" | "file" | "toggle" | "valued" | "text" | "none";

export interface Locating {
  /** A world of its own, where the page's changes to what functions do are not seen. */
  readonly world: number;
  readonly refs: ReadonlyMap<string, number>;
}

/** `target` is a reference like `e12`, or a CSS selector. Throws `not_found`. */
export async function findElement(call: PageCall, target: string, { world, refs }: Locating): Promise<Element> {
  const ref = /^\[?(e\d{1,9})\]?$/.exec(target.trim())?.[1];
  if (ref !== undefined) {
    const node = refs.get(ref);
    const stale = () =>
      new AlephError("not_found", `There is no "${ref}" on the page now`, {
        data: { hint: "browser_snapshot shows what there is" },
      });
    if (node === undefined) throw stale();
    const resolved = await call<{ object: RemoteObject }>("DOM.resolveNode", {
      backendNodeId: node,
      executionContextId: world,
    }).catch((thrown: unknown) => {
      throw thrown instanceof AlephError && thrown.reason === "conflict" ? stale() : thrown;
    });
    if (resolved.object.objectId !== undefined) return new Element(call, resolved.object.objectId, ref);
    throw stale();
  }
  const { result, exceptionDetails } = await call<Evaluated>("Runtime.evaluate", {
    expression: `document.querySelector(${JSON.stringify(target)})`,
    contextId: world,
  });
  if (exceptionDetails) throw new AlephError("invalid_params", `"${target}" is no reference and no CSS selector`);
  if (result.objectId !== undefined) return new Element(call, result.objectId, target);
  throw new AlephError("not_found", `Nothing on the page matches "${target}"`, {
    data: { hint: "browser_snapshot shows what there is" },
  });
}

export class Element {
  readonly #call: PageCall;
  readonly #id: string;
  readonly #name: string;

  constructor(call: PageCall, id: string, name: string) {
    this.#call = call;
    this.#id = id;
    this.#name = name;
  }

  async click(count: 1 | 2): Promise<void> {
    const { x, y } = await this.#middle();
    const mouse = (type: string, clickCount: number) =>
      this.#call("Input.dispatchMouseEvent", {
        type,
        x,
        y,
        button: type === "mouseMoved" ? "none" : "left",
        clickCount,
      });
    await mouse("mouseMoved", 0);
    for (let click = 1; click <= count; click++) {
      await mouse("mousePressed", click);
      await mouse("mouseReleased", click);
    }
  }

  /** In place of what is there. Throws `invalid_params` for what takes no text. */
  async type(text: string): Promise<void> {
    const kind = await this.#run<Kind>(kindOf);
    if (kind === "file") throw new AlephError("invalid_params", `"${this.#name}" takes files: use browser_upload`);
    if (kind === "toggle" || kind === "none")
      throw new AlephError("invalid_params", `"${this.#name}" takes no text: use browser_click`);
    if (kind === "select") {
      const chosen = await this.#run<boolean>(choose, text);
      if (!chosen) throw new AlephError("not_found", `"${this.#name}" has no option "${text}"`);
      return;
    }
    if (kind === "valued") {
      await this.#run(setValue, text);
      return;
    }
    await this.#call("DOM.scrollIntoViewIfNeeded", { objectId: this.#id });
    await this.#call("DOM.focus", { objectId: this.#id });
    await this.#run(selectAll);
    if (text === "") await pressKey(this.#call, "Delete");
    else await this.#call("Input.insertText", { text });
  }

  async upload(files: readonly string[]): Promise<void> {
    const kind = await this.#run<Kind>(kindOf);
    if (kind !== "file") throw new AlephError("invalid_params", `"${this.#name}" takes no files`);
    await this.#call("DOM.setFileInputFiles", { objectId: this.#id, files });
  }

  /** Its place in what is seen, after it was scrolled there. */
  async box(): Promise<Point & { readonly width: number; readonly height: number }> {
    await this.#visible();
    const { model } = await this.#call<{ model: { border: readonly number[] } }>("DOM.getBoxModel", {
      objectId: this.#id,
    });
    const xs = model.border.filter((_, index) => index % 2 === 0);
    const ys = model.border.filter((_, index) => index % 2 === 1);
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    return { x, y, width: Math.max(1, Math.max(...xs) - x), height: Math.max(1, Math.max(...ys) - y) };
  }

  async #middle(): Promise<Point> {
    await this.#visible();
    const { quads } = await this.#call<{ quads: readonly (readonly number[])[] }>("DOM.getContentQuads", {
      objectId: this.#id,
    });
    const quad = quads.find((each) => each.length === 8 && areaOf(each) > 1);
    if (!quad) throw this.#unseen();
    const sum = (from: number) => [0, 2, 4, 6].reduce((total, index) => total + (quad[index + from] ?? 0), 0) / 4;
    return { x: sum(0), y: sum(1) };
  }

  async #visible(): Promise<void> {
    await this.#call("DOM.scrollIntoViewIfNeeded", { objectId: this.#id }).catch((thrown: unknown) => {
      throw thrown instanceof AlephError && thrown.reason === "conflict" ? this.#unseen() : thrown;
    });
  }

  #unseen(): AlephError {
    return new AlephError("conflict", `"${this.#name}" cannot be seen on the page`, {
      data: { hint: "browser_snapshot shows what there is" },
    });
  }

  async #run<T>(body: string, ...values: readonly unknown[]): Promise<T> {
    const { result, exceptionDetails } = await this.#call<Evaluated>("Runtime.callFunctionOn", {
      objectId: this.#id,
      functionDeclaration: body,
      arguments: values.map((value) => ({ value })),
      returnByValue: true,
    });
    if (exceptionDetails) throw new AlephError("conflict", `The page did not take it: ${exceptionDetails.text}`);
    return result.value as T;
  }
}

const KEYS: Readonly<Record<string, { readonly code: number; readonly text?: string }>> = {
  Enter: { code: 13, text: "\r" },
  Tab: { code: 9 },
  Escape: { code: 27 },
  Backspace: { code: 8 },
  Delete: { code: 46 },
  ArrowLeft: { code: 37 },
  ArrowUp: { code: 38 },
  ArrowRight: { code: 39 },
  ArrowDown: { code: 40 },
  PageUp: { code: 33 },
  PageDown: { code: 34 },
  Home: { code: 36 },
  End: { code: 35 },
};
export const KEY_NAMES = [
  "Enter",
  "Tab",
  "Escape",
  "Backspace",
  "Delete",
  "ArrowLeft",
  "ArrowUp",
  "ArrowRight",
  "ArrowDown",
  "PageUp",
  "PageDown",
  "Home",
  "End",
] as const;

export async function pressKey(call: PageCall, key: (typeof KEY_NAMES)[number]): Promise<void> {
  const { code = 0, text } = KEYS[key] ?? {};
  const common = { key, code: key, windowsVirtualKeyCode: code };
  await call("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", ...common, ...(text ? { text } : {}) });
  await call("Input.dispatchKeyEvent", { type: "keyUp", ...common });
}

function areaOf(quad: readonly number[]): number {
  const [ax = 0, ay = 0, bx = 0, by = 0, cx = 0, cy = 0, dx = 0, dy = 0] = quad;
  return Math.abs((ax * by - bx * ay + bx * cy - cx * by + cx * dy - dx * cy + dx * ay - ax * dy) / 2);
}

// What follows runs in the page.
const kindOf = `function () {
  const tag = this.tagName;
  if (tag === "SELECT") return "select";
  if (tag === "TEXTAREA" || this.isContentEditable) return "text";
  if (tag !== "INPUT") return "none";
  const type = this.type;
  if (type === "file") return "file";
  if (/^(?:checkbox|radio|submit|button|image|reset|hidden)$/.test(type)) return "toggle";
  return /^(?:date|time|month|week|datetime-local|color|range)$/.test(type) ? "valued" : "text";
}`;
const tell = `this.dispatchEvent(new Event("input", { bubbles: true })); this.dispatchEvent(new Event("change", { bubbles: true }));`;
const choose = `function (wanted) {
  const same = (option) => option.value === wanted || option.label.trim() === wanted.trim();
  const option = [...this.options].find((each) => same(each) && !each.disabled);
  if (!option) return false;
  this.value = option.value;
  option.selected = true;
  ${tell}
  return true;
}`;
const setValue = `function (value) { this.value = value; ${tell} }`;
const selectAll = `function () {
  if (this.select) this.select();
  else getSelection().selectAllChildren(this);
}`;
