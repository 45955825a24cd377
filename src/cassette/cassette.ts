/** A recorded run: one JSON value a line, in the order in which things happened. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ToolOutcome } from "../policy/gate.ts";
import { AlephError, type Reason } from "../protocol/errors.ts";
import type { MessagePart } from "../protocol/message.ts";
import type { Recalled } from "../sdk/memory.ts";
import type { HookEvent } from "../sdk/plugin.ts";
import type { MediaKind, ModelInfo, StreamPart } from "../sdk/provider.ts";
import type { Session } from "../session/sessions.ts";

/** Another number is another form of lines, which this one does not read. */
export const CASSETTE_VERSION = 1;

export interface RecordedError {
  readonly reason: Reason;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Media are there by size and digest, secrets are masked. */
export type Line =
  /** First, and again where a restart took the run up. */
  | {
      readonly type: "run";
      readonly version: number;
      readonly run_id: string;
      readonly session: Session;
      /** Unix milliseconds. */
      readonly now: number;
      readonly time_zone: string;
    }
  /** What to try, in order. */
  | { readonly type: "order"; readonly refs: readonly string[] }
  /** What a name stands for. */
  | { readonly type: "name"; readonly name: string; readonly provider: string; readonly model: string }
  | { readonly type: "unknown_name"; readonly name: string; readonly error: RecordedError }
  /** A provider that was left alone just then, for what it had done to others, too. */
  | { readonly type: "paused"; readonly provider: string }
  | {
      readonly type: "request";
      readonly call: number;
      readonly provider: string;
      readonly known: ModelInfo;
      /** The attachments besides images that the model reads; absent where its provider does not say. */
      readonly takes?: readonly MediaKind[];
      readonly request: unknown;
    }
  | { readonly type: "part"; readonly call: number; readonly part: StreamPart }
  | { readonly type: "end"; readonly call: number }
  | { readonly type: "error"; readonly call: number; readonly error: RecordedError }
  | { readonly type: "progress"; readonly call_id: string; readonly text: string }
  | {
      readonly type: "tool";
      readonly call_id: string;
      readonly tool: string;
      readonly args: unknown;
      readonly outcome: ToolOutcome;
    }
  /** What plugins made of a reply or a failure; or why they refused it. */
  | { readonly type: "hook"; readonly event: HookEvent; readonly decides: boolean; readonly outcome: unknown }
  | { readonly type: "hook"; readonly event: HookEvent; readonly decides: boolean; readonly error: RecordedError }
  /** What of the memory the model was shown. */
  | { readonly type: "recall"; readonly recalled: Recalled }
  | {
      readonly type: "steered";
      readonly messages: readonly { readonly messageId: number; readonly parts: readonly MessagePart[] }[];
    };

/** Ids are our own, so that nothing else can be part of the path. */
const RUN_ID = /^run_[0-9a-f]{32}$/;

/** Throws `not_found` for what is no run's id. */
export function cassettePath(logs: string, runId: string): string {
  if (!RUN_ID.test(runId)) throw notRecorded(runId);
  return join(logs, "cassettes", `${runId}.jsonl`);
}

/** Throws `not_found` when the run was not recorded, `conflict` when this version cannot read it. */
export function readCassette(logs: string, runId: string): readonly Line[] {
  const path = cassettePath(logs, runId);
  if (!existsSync(path)) throw notRecorded(runId);
  const lines: Line[] = [];
  for (const [index, text] of readFileSync(path, "utf8").split("\n").entries()) {
    if (text === "") continue;
    try {
      lines.push(JSON.parse(text) as Line);
    } catch (cause) {
      throw new AlephError(
        "conflict",
        `The recording of run ${JSON.stringify(runId)} is damaged at line ${index + 1}`,
        {
          cause,
        },
      );
    }
  }
  const [first] = lines;
  if (first?.type === "run" && first.version === CASSETTE_VERSION) return lines;
  throw new AlephError("conflict", `The recording of run ${JSON.stringify(runId)} is of another version`);
}

/** Removes the recordings of a session's runs. */
export function removeCassettes(logs: string, sessionKey: string): void {
  const folder = join(logs, "cassettes");
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name);
    const [head = ""] = readFileSync(path, "utf8").split("\n", 1);
    // Written by us before anything else; what does not begin so is not ours.
    if (head.startsWith('{"type":"run"') && (JSON.parse(head) as Line & { type: "run" }).session.key === sessionKey) {
      rmSync(path);
    }
  }
}

function notRecorded(runId: string): AlephError {
  return new AlephError("not_found", `Run ${JSON.stringify(runId)} was not recorded`, {
    data: { hint: "Set debug.record = true in config.toml, or start the run with record: true" },
  });
}
