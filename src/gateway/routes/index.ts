/** Every route, loaded when it is first asked for. The panel's files are all below `/assets/`. */
export const routes = {
  "GET /health": () => import("./health.ts").then((m) => m.healthRoute),
  "GET /ready": () => import("./ready.ts").then((m) => m.readyRoute),
  "GET /metrics": () => import("./metrics.ts").then((m) => m.metricsRoute),
  "POST /auth/login": () => import("./login.ts").then((m) => m.loginRoute),
  "POST /auth/logout": () => import("./logout.ts").then((m) => m.logoutRoute),
} as const;
