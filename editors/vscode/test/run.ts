// Drives VS Code: starts it with the packed extension, and goes through the scenario twice, as a user in its
// window and as an extension inside it.

import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

import type { Browser } from "playwright-core";

import { CodeServer } from "./codeServer";
import { FIXTURES, required, until } from "./scenario";
import { Tap } from "./tap";
import { throughTheWindow } from "./ui";
import { inAnUntrustedFolder } from "./untrusted";
import { launch } from "./workbench";

const WORK = required("LEAKWRIGHT_WORK");
const SHOTS = join(WORK, "screenshots");

function project(name: string): string {
  const folder = join(WORK, name);
  cpSync(join(FIXTURES, "project"), folder, { recursive: true });
  return folder;
}

/** Has the editor run our tests in its extension host, as it does for any extension. */
async function inTheExtensionHost(tap: Tap, browser: Browser, server: CodeServer, results: string): Promise<void> {
  const host = new URL(server.url).host;
  const tests = resolve("test/api");
  const address = (path: string) => `vscode-remote://${host}${path}`;
  const payload = [
    ["extensionDevelopmentPath", address(tests)],
    ["extensionTestsPath", address(resolve("out/test/api/index.js"))],
  ];
  const page = await browser.newPage();
  const query = new URLSearchParams({ folder: project("api"), payload: JSON.stringify(payload) });
  await page.goto(`${server.url}/?${query.toString()}`, { waitUntil: "domcontentloaded" });
  let lines = "";
  const passed = await tap.test("VS Code, extension host: the tests run to their end", async () => {
    await until(
      "the plan of the tests is written",
      () => {
        lines = read(results);
        return /^1\.\.\d+$/m.test(lines);
      },
      () => lines,
      120,
    );
  });
  if (!passed) {
    await page.screenshot({ path: join(SHOTS, "failed-extension-host.png") });
  }
  tap.adopt(lines);
  await page.close();
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

async function main(): Promise<number> {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(SHOTS, { recursive: true });
  const tap = new Tap();
  const results = join(WORK, "api.tap");
  const common = { entry: required("CODE_SERVER"), vsix: required("VSIX") };
  const browser = await launch(required("CHROMIUM"));
  const env = { LEAKWRIGHT_RESULTS: results };
  const server = await CodeServer.start({ ...common, state: join(WORK, "state"), env, asksForTrust: false });
  try {
    await throughTheWindow(tap, browser, server, project("window"), SHOTS);
    await inTheExtensionHost(tap, browser, server, results);
  } finally {
    await server.stop();
  }
  await inAnUntrustedFolder(tap, browser, { ...common, state: join(WORK, "untrusted-state") }, project("untrusted"), SHOTS);
  await browser.close();
  tap.plan();
  return tap.failed === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(2);
  },
);
