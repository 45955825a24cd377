/** Every route, loaded when it is first asked for. The panel's files have a hash in their names, and nothing else has. */
export const routes = {
  "GET /health": () => import("./health.ts").then((m) => m.healthRoute),
  "GET /ready": () => import("./ready.ts").then((m) => m.readyRoute),
  "GET /metrics": () => import("./metrics.ts").then((m) => m.metricsRoute),
  "GET /": () => import("./panel.ts").then((m) => m.panelRoute),
  "GET /:file{[\\w.-]+-[a-z0-9]{8}\\.(?:js|css|svg)}": () => import("./panel-file.ts").then((m) => m.panelFileRoute),
  "GET /media/:id": () => import("./media.ts").then((m) => m.mediaRoute),
  "GET /login": () => import("./login-page.ts").then((m) => m.loginPageRoute),
  "POST /auth/login": () => import("./login.ts").then((m) => m.loginRoute),
  "POST /auth/logout": () => import("./logout.ts").then((m) => m.logoutRoute),
  "POST /v1/chat/completions": () => import("./v1/chat-completions.ts").then((m) => m.chatCompletionsRoute),
  "POST /v1/messages": () => import("./v1/messages.ts").then((m) => m.messagesRoute),
} as const;
