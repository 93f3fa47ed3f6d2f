// The window of VS Code, in a browser, as a user works with it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { type Browser, chromium, type Frame, type Locator, type Page } from "playwright-core";

import { until } from "./scenario";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  // No names are looked up, so that the window does not wait for the outside world.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

export async function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

export class Workbench {
  private constructor(
    readonly page: Page,
    private readonly shots: string,
  ) {}

  static async open(browser: Browser, url: string, folder: string, shots: string): Promise<Workbench> {
    mkdirSync(shots, { recursive: true });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(20_000);
    await page.goto(`${url}/?folder=${encodeURIComponent(folder)}`, { waitUntil: "domcontentloaded" });
    await page.locator(".monaco-workbench .part.statusbar").waitFor({ timeout: 60_000 });
    return new Workbench(page, shots);
  }

  async shot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(this.shots, `${name}.png`) });
  }

  /** A part of the window, as the documents show it. */
  async picture(name: string, clip: { x: number; y: number; width: number; height: number }): Promise<void> {
    await this.page.screenshot({ path: join(this.shots, "pictures", `${name}.png`), clip });
  }

  async openFile(file: string): Promise<void> {
    const name = file.replace(/.*\//, "");
    await this.pick("Control+P", file, name);
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
    await this.page.locator(".editor-instance .view-line").first().waitFor();
  }

  /** Runs a command by its title. */
  async run(title: string): Promise<void> {
    await this.pick("F1", `>${title}`, title);
  }

  /** Chooses what a quick input offers. It closes by itself where something else takes the focus: then again. */
  private async pick(key: string, text: string, label: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input[type=text]").first();
    const row = this.page.locator(".quick-input-list .monaco-list-row.focused", { hasText: label }).first();
    for (let attempt = 1; ; attempt++) {
      try {
        await this.page.keyboard.press(key);
        await input.waitFor({ state: "visible", timeout: 5_000 });
        await input.fill(text, { timeout: 5_000 });
        await row.waitFor({ timeout: 5_000 });
        break;
      } catch (error) {
        if (attempt === 4) {
          throw error;
        }
        await this.page.keyboard.press("Escape");
      }
    }
    await this.page.keyboard.press("Enter");
    await row.waitFor({ state: "hidden" });
  }

  /** What lies over the text of the active editor where something is found. */
  squiggles(severity = "warning"): Locator {
    return this.page.locator(`.editor-instance .cdr.squiggly-${severity}`);
  }

  async goTo(line: number, column: number): Promise<void> {
    await this.pick("Control+G", `:${line}:${column}`, `${line}`);
  }

  /** Chooses a quick fix for what is at the cursor; tells what the menu offered. */
  async quickFix(title: string, shot?: string): Promise<string[]> {
    const rows = this.page.locator(".action-widget .monaco-list-row.action");
    await until("the menu of quick fixes is shown", async () => {
      await this.page.keyboard.press("Control+.");
      return rows.first().waitFor({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
    });
    const offered = (await rows.allInnerTexts()).map((text) => text.trim());
    if (shot !== undefined) {
      await this.shot(shot);
      await this.picture("quickfix", { x: 348, y: 65, width: 620, height: 380 });
    }
    const wanted = offered.indexOf(title);
    if (wanted < 0) {
      throw new Error(`the menu has no "${title}", but ${JSON.stringify(offered)}`);
    }
    // By keyboard: a transparent pane lies over the menu.
    const focused = this.page.locator(".action-widget .monaco-list-row.focused");
    await until("the quick fix has the focus", async () => {
      if ((await focused.first().innerText()).trim() === title) {
        return true;
      }
      await this.page.keyboard.press("ArrowDown");
      return false;
    });
    await this.page.keyboard.press("Enter");
    return offered;
  }

  /** Chooses what a notification offers. */
  async answer(question: string, button: string): Promise<void> {
    const notification = this.page.locator(".notification-toast", { hasText: question });
    await notification.locator(".monaco-button", { hasText: button }).click();
    await notification.waitFor({ state: "detached" });
  }

  async save(): Promise<void> {
    await this.page.keyboard.press("Control+S");
    await this.page.locator(".tab.active:not(.dirty)").waitFor();
  }

  /** The text of the status bar's item. */
  status(): Locator {
    return this.page.locator(".statusbar-item[id='leakwright.leakwright.status'], #leakwright\\.leakwright\\.leakwright\\.status");
  }

  /** The innermost frame of the webview that is shown. */
  async webview(selector: string): Promise<Frame> {
    return until(
      `a webview has ${selector}`,
      async () => {
        for (const frame of this.page.frames()) {
          if (frame !== this.page.mainFrame() && (await frame.locator(selector).count().catch(() => 0)) > 0) {
            return frame;
          }
        }
        return undefined;
      },
      () => this.page.frames().map((frame) => frame.url().slice(0, 120)),
    );
  }
}
