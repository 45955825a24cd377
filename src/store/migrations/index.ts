import { conversations } from "./0001-conversations.ts";
import { responses } from "./0002-responses.ts";
import { usage } from "./0003-usage.ts";
import { plugins } from "./0004-plugins.ts";
import { usageReplies } from "./0005-usage-replies.ts";
import { audit } from "./0006-audit.ts";
import { mcpPins } from "./0007-mcp.ts";
import { approvalGrants } from "./0008-approval-grants.ts";
import { skills } from "./0009-skills.ts";
import { subagents } from "./0010-subagents.ts";
import { identities } from "./0011-identities.ts";
import { memory } from "./0012-memory.ts";
import { invites } from "./0013-invites.ts";
import { nodes } from "./0014-nodes.ts";
import { a2a } from "./0015-a2a.ts";
import { channels } from "./0016-channels.ts";
import { devicePlatforms } from "./0017-device-platforms.ts";
import { discord } from "./0018-discord.ts";
import { webhooks } from "./0019-webhooks.ts";
import { imports } from "./0020-imports.ts";
import { contextMarks } from "./0021-context-marks.ts";
import { cron } from "./0022-cron.ts";
import { imessage } from "./0023-imessage.ts";
import { untrusted } from "./0024-untrusted.ts";
import { widgetInvites } from "./0025-widget-invites.ts";

/** Forward steps in order; the database's `user_version` says how many it has had. */
export const migrations: readonly string[] = [
  conversations,
  responses,
  usage,
  plugins,
  usageReplies,
  audit,
  mcpPins,
  approvalGrants,
  skills,
  subagents,
  identities,
  memory,
  invites,
  nodes,
  a2a,
  channels,
  devicePlatforms,
  webhooks,
  discord,
  imports,
  contextMarks,
  cron,
  imessage,
  untrusted,
  widgetInvites,
];
