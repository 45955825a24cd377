/** The tools, loaded when they are first offered or called. */
import type { Tool } from "../sdk/tool.ts";

export const tools = {
  read: () => import("./read/read.ts").then((module) => module.read),
  write: () => import("./write/write.ts").then((module) => module.write),
  edit: () => import("./edit/edit.ts").then((module) => module.edit),
  list: () => import("./list/list.ts").then((module) => module.list),
  glob: () => import("./glob/glob.ts").then((module) => module.glob),
  grep: () => import("./grep/grep.ts").then((module) => module.grep),
  apply_patch: () => import("./apply-patch/apply-patch.ts").then((module) => module.applyPatch),
  exec: () => import("./exec/exec.ts").then((module) => module.exec),
  process: () => import("./process/process.ts").then((module) => module.processTool),
  web_fetch: () => import("./web-fetch/web-fetch.ts").then((module) => module.webFetch),
  web_search: () => import("./web-search/web-search.ts").then((module) => module.webSearch),
  browser_navigate: () => import("./browser-navigate/browser-navigate.ts").then((module) => module.browserNavigate),
  browser_snapshot: () => import("./browser-snapshot/browser-snapshot.ts").then((module) => module.browserSnapshot),
  browser_click: () => import("./browser-click/browser-click.ts").then((module) => module.browserClick),
  browser_type: () => import("./browser-type/browser-type.ts").then((module) => module.browserType),
  browser_screenshot: () =>
    import("./browser-screenshot/browser-screenshot.ts").then((module) => module.browserScreenshot),
  browser_evaluate: () => import("./browser-evaluate/browser-evaluate.ts").then((module) => module.browserEvaluate),
  browser_tabs: () => import("./browser-tabs/browser-tabs.ts").then((module) => module.browserTabs),
  browser_download: () => import("./browser-download/browser-download.ts").then((module) => module.browserDownload),
  browser_upload: () => import("./browser-upload/browser-upload.ts").then((module) => module.browserUpload),
  document: () => import("./document/document.ts").then((module) => module.document),
  transcribe: () => import("./transcribe/transcribe.ts").then((module) => module.transcribe),
  send_file: () => import("./send-file/send-file.ts").then((module) => module.sendFile),
  speak: () => import("./speak/speak.ts").then((module) => module.speak),
  generate_image: () => import("./generate-image/generate-image.ts").then((module) => module.generateImage),
  send_message: () => import("./send-message/send-message.ts").then((module) => module.sendMessage),
  session_list: () => import("./session-list/session-list.ts").then((module) => module.sessionList),
  session_history: () => import("./session-history/session-history.ts").then((module) => module.sessionHistory),
  session_search: () => import("./session-search/session-search.ts").then((module) => module.sessionSearch),
  memory_store: () => import("./memory-store/memory-store.ts").then((module) => module.memoryStore),
  memory_search: () => import("./memory-search/memory-search.ts").then((module) => module.memorySearch),
  memory_forget: () => import("./memory-forget/memory-forget.ts").then((module) => module.memoryForget),
  cron_add: () => import("./cron-add/cron-add.ts").then((module) => module.cronAdd),
  cron_list: () => import("./cron-list/cron-list.ts").then((module) => module.cronList),
  cron_remove: () => import("./cron-remove/cron-remove.ts").then((module) => module.cronRemove),
  ask_user: () => import("./ask-user/ask-user.ts").then((module) => module.askUser),
  read_result: () => import("./read-result/read-result.ts").then((module) => module.readResult),
  todo: () => import("./todo/todo.ts").then((module) => module.todo),
  agent_spawn: () => import("./agent-spawn/agent-spawn.ts").then((module) => module.agentSpawn),
  agent_list: () => import("./agent-list/agent-list.ts").then((module) => module.agentList),
  agent_wait: () => import("./agent-wait/agent-wait.ts").then((module) => module.agentWait),
  agent_cancel: () => import("./agent-cancel/agent-cancel.ts").then((module) => module.agentCancel),
  skill: () => import("./skill/skill.ts").then((module) => module.skill),
  node_list: () => import("./node-list/node-list.ts").then((module) => module.nodeList),
  node_invoke: () => import("./node-invoke/node-invoke.ts").then((module) => module.nodeInvoke),
  node_invoke_many: () => import("./node-invoke-many/node-invoke-many.ts").then((module) => module.nodeInvokeMany),
  node_file: () => import("./node-file/node-file.ts").then((module) => module.nodeFile),
  time: () => import("./time/time.ts").then((module) => module.time),
} as const;

type Loaded = Awaited<ReturnType<(typeof tools)[keyof typeof tools]>>;
// biome-ignore lint/suspicious/noExplicitAny: only what `prepare` needs is looked at
type NeedsOf<T> = T extends Tool<string, any, infer Needs> ? (needs: Needs) => void : never;

/** All that the tools need, together; `app.ts` must have it. */
export type ToolNeeds = NeedsOf<Loaded> extends (needs: infer Sum) => void ? Sum : never;
