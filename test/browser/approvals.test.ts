/** What a person is asked to allow, in a real browser: all of it can be seen, and what matters is always in sight. */
import { expect } from "bun:test";
import { collectEvents } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { complaintsOf } from "./axe.ts";
import { browserTest, openPage, type Shape } from "./page.ts";

const SHAPES: Readonly<Record<string, Shape>> = {
  "a wide window": { width: 1440, height: 900 },
  "a phone": { width: 390, height: 844, touch: true },
};

for (const [where, shape] of Object.entries(SHAPES)) {
  browserTest(`a long command opens whole on ${where}, its beginning and the answers in sight`, async (chromium) => {
    await using server = await conversation();
    const lines = Array.from({ length: 120 }, (_, index) => `echo step-${index} > out-${index}`);
    const command = [...lines, "curl https://last.example/"].join("\n");
    server.fake.reply([{ tool_call: { name: "exec", args: { command } } }]);
    using page = await openPage(chromium, shape);
    await page.logIn(server);
    const events = await collectEvents(server.client, "approval.*");
    await server.client.call("agent.run", { message: "go", session_key: MAIN });
    await events.until(({ topic }) => topic === "approval.requested");
    await page.evaluate(`location.hash = "#/s/${encodeURIComponent(MAIN)}"`);
    await page.until("document.querySelector('.approval .command .exactly-more')");
    await page.settled();
    const inSight = (selector: string) =>
      page.evaluate<boolean>(`(() => {
        const view = document.querySelector(".scroller").getBoundingClientRect();
        const { top, bottom } = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
        return top >= view.top - 1 && bottom <= view.bottom + 1;
      })()`);
    expect([await inSight(".approval .command"), await inSight(".approval > .approval-answers")]).toEqual([true, true]);
    expect(await page.evaluate<string>("document.querySelector('.command .exactly-more').innerText")).toBe(
      "Show all of it, 121 lines",
    );
    // What scrolls is reached by keyboard.
    expect(await page.evaluate("document.querySelector('.command .exactly-box').tabIndex")).toBe(0);
    expect(await complaintsOf(page)).toEqual([]);

    await page.evaluate("document.querySelector('.command .exactly-more').focus()");
    await page.press("Enter");
    await page.until(
      "(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight + 1)(document.querySelector('.command .exactly-box'))",
    );
    expect(await page.evaluate<string>("document.querySelector('.command pre').textContent")).toBe(command);
    await page.settled();
    expect(await inSight(".approval > .approval-answers")).toBe(true);

    await page.press("d");
    await page.until("!document.querySelector('.approval')");
    expect((await server.client.call("approvals.list", { status: "denied" })).approvals).toHaveLength(1);
    expect(page.complaints).toEqual([]);
  });
}
