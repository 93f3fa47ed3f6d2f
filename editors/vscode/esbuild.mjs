// Bundles the extension, the script of its report, and the tests.

import { build } from "esbuild";

const common = { bundle: true, minify: true, sourcemap: false, logLevel: "warning", target: "es2022" };

await Promise.all([
  build({
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    platform: "node",
    format: "cjs",
    target: "node18",
    external: ["vscode"],
  }),
  build({
    ...common,
    entryPoints: ["src/webview/report.ts"],
    outfile: "dist/report.js",
    platform: "browser",
    format: "iife",
  }),
  build({
    ...common,
    minify: false,
    entryPoints: ["test/run.ts", "test/page.ts", "test/api/index.ts"],
    outdir: "out/test",
    platform: "node",
    format: "cjs",
    target: "node18",
    external: ["vscode", "playwright-core"],
  }),
]);
