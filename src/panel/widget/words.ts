/** The words of the widget: few, so that both languages come along. */

const en = {
  title: "Chat",
  open: "Open chat",
  close: "Close chat",
  anew: "Start over",
  message: "Your message",
  send: "Send",
  stop: "Stop",
  log: "Conversation",
  you: "You",
  answer: "Answer",
  hello: "Ask a question to begin.",
  ai: "Answers are written by an AI and can be wrong.",
  connecting: "Connecting…",
  lost: "The connection is lost. Trying again…",
  working: "Working on it…",
  writing: "An answer is being written.",
  answered: "Answer: {text}",
  stopped: "Stopped.",
  interrupted: "This answer was interrupted.",
  fresh: "The conversation has ended, and a new one begins.",
  unsent: "Not sent.",
  again: "Try again",
  "refused.origin": "This chat is not available on this page.",
  "refused.revoked": "This chat is no longer available.",
  "refused.expired": "The time of this chat is over.",
  "refused.used_up": "This chat has had as many visitors as it may have.",
  "refused.unavailable": "This chat is not available here at the moment.",
  "failed.budget_exceeded": "This chat has used up its allowance. Please come back later.",
  "failed.rate_limited": "Too many messages at once. Wait a moment, then try again.",
  "failed.overloaded": "Too many visitors at once. Try again in a few minutes.",
  "failed.payload_too_large": "The message is too long.",
  "failed.other": "Something went wrong. Try again later.",
} as const;

export type Word = keyof typeof en;
type Words = Readonly<Record<Word, string>>;

const zh: Words = {
  title: "聊天",
  open: "打开聊天",
  close: "关闭聊天",
  anew: "重新开始",
  message: "您的消息",
  send: "发送",
  stop: "停止",
  log: "对话",
  you: "您",
  answer: "回答",
  hello: "请输入您的问题。",
  ai: "回答由 AI 生成，可能有误。",
  connecting: "正在连接…",
  lost: "连接已断开，正在重试…",
  working: "正在处理…",
  writing: "正在生成回答。",
  answered: "回答：{text}",
  stopped: "已停止。",
  interrupted: "此回答已中断。",
  fresh: "对话已结束，新的对话已开始。",
  unsent: "未发送。",
  again: "重试",
  "refused.origin": "此页面无法使用该聊天。",
  "refused.revoked": "该聊天已不再提供。",
  "refused.expired": "该聊天已过期。",
  "refused.used_up": "该聊天的访客数已达上限。",
  "refused.unavailable": "该聊天目前无法在此使用。",
  "failed.budget_exceeded": "该聊天的用量已用完，请稍后再来。",
  "failed.rate_limited": "消息过于频繁，请稍候再试。",
  "failed.overloaded": "访客过多，请几分钟后再试。",
  "failed.payload_too_large": "消息过长。",
  "failed.other": "出错了，请稍后再试。",
};

export type Say = (word: Word, values?: Readonly<Record<string, string>>) => string;

export interface Speech {
  readonly tag: "en" | "zh-CN";
  readonly say: Say;
}

/** `wanted` are languages, the most wanted first; what is not known is passed over. */
export function speechOf(wanted: readonly (string | null | undefined)[]): Speech {
  const known = wanted.map((tag) => tag?.toLowerCase().split("-")[0]).find((tag) => tag === "en" || tag === "zh");
  const words: Words = known === "zh" ? zh : en;
  return {
    tag: known === "zh" ? "zh-CN" : "en",
    say: (word, values = {}) => words[word].replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole),
  };
}

/** The words for why something failed. */
export function failureWord(reason: string): Word {
  const word = `failed.${reason}`;
  return word in en ? (word as Word) : "failed.other";
}
