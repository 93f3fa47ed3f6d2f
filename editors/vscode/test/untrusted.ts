// A folder that the user does not trust: leaks are found, and nothing that the folder brings is run.

import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser } from "playwright-core";

import { CodeServer, type Options } from "./codeServer";
import { scenario } from "./scenario";
import type { Tap } from "./tap";
import { Workbench } from "./workbench";

export async function inAnUntrustedFolder(
  tap: Tap,
  browser: Browser,
  options: Pick<Options, "entry" | "vsix" | "state">,
  folder: string,
  shots: string,
): Promise<void> {
  const trace = join(folder, "was-run");
  const own = join(folder, "leakwright");
  writeFileSync(own, `#!/bin/sh\ntouch '${trace}'\n`);
  chmodSync(own, 0o755);
  mkdirSync(join(folder, ".vscode"));
  writeFileSync(join(folder, ".vscode/settings.json"), JSON.stringify({ "leakwright.path": own }));
  const server = await CodeServer.start({ ...options, env: {}, asksForTrust: true });
  await tap.test("VS Code, untrusted folder: leaks are found, and its own program is not run", async () => {
    const window = await Workbench.open(browser, server.url, folder, shots);
    await window.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
    await window.openFile(scenario.fixes[0].file);
    await window.squiggles().first().waitFor({ state: "attached" });
    await window.shot("14-untrusted");
    if (existsSync(trace)) {
      throw new Error("the program that the folder's settings name was run");
    }
    await window.page.close();
  });
  await server.stop();
}
