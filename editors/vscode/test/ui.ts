// VS Code through its window.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser } from "playwright-core";

import type { CodeServer } from "./codeServer";
import { equal, type Fix, fixed, scenario, until } from "./scenario";
import type { Tap } from "./tap";
import { Workbench } from "./workbench";

export async function throughTheWindow(
  tap: Tap,
  browser: Browser,
  server: CodeServer,
  folder: string,
  shots: string,
): Promise<void> {
  const window = await Workbench.open(browser, server.url, folder, shots);
  const test = async (name: string, run: () => Promise<void>) => {
    const passed = await tap.test(`VS Code, window: ${name}`, run);
    if (!passed) {
      await window.shot(`failed-${name.replaceAll(/\W+/g, "-")}`);
      await window.page.keyboard.press("Escape");
    }
  };
  const { page } = window;
  const onDisk = (file: string) => readFileSync(join(folder, file), "utf8");
  const [deque, cache, resource] = scenario.fixes;

  await test("the status bar counts the leaks of all files", async () => {
    // What activates the extension is the pyproject.toml of the folder.
    const item = window.status();
    await item.waitFor();
    await until("the count is right", async () => (await item.innerText()).includes(`Leaks: ${scenario.leaks}`), () => item.innerText());
  });

  await test("what is found is underlined, and explained with its evidence", async () => {
    await window.openFile(deque.file);
    await window.squiggles().first().waitFor({ state: "attached" });
    await window.shot("01-squiggle");
    await window.goTo(1, 1);
    await page.keyboard.press("F8");
    const peek = page.locator(".zone-widget.peekview-widget, .zone-widget .marker-widget").first();
    await peek.waitFor();
    const text = (await page.locator(".zone-widget").first().innerText()).replaceAll("\u00a0", " ");
    for (const part of [deque.message, deque.code, ...deque.evidence.map(({ message }) => message)]) {
      if (!text.includes(part)) {
        throw new Error(`the peek does not say "${part}": ${text}`);
      }
    }
    await window.shot("02-peek");
    await window.picture("squiggle", { x: 348, y: 65, width: 780, height: 440 });
    await page.keyboard.press("Escape");
  });

  await test("hover says why it leaks", async () => {
    const hover = page.locator(".monaco-hover:not(.hidden)", { hasText: deque.hover }).first();
    // The editor draws its underlines anew when it scrolls or has news: for a moment there is none to point at.
    await until("the hover is shown", async () => {
      const place = await window.squiggles().first().boundingBox({ timeout: 5_000 }).catch(() => null);
      if (!place || place.width === 0) {
        return false;
      }
      await page.mouse.move(place.x + place.width / 2, place.y - 100);
      await page.mouse.move(place.x + place.width / 2, place.y + place.height / 2);
      return hover.waitFor({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
    });
    await window.shot("03-hover");
    await window.picture("hover", { x: 348, y: 140, width: 860, height: 420 });
    await page.mouse.move(640, 700);
  });

  await test("the problems panel has the files that are not open", async () => {
    await page.keyboard.press("Control+Shift+M");
    const rows = page.locator(".markers-panel .monaco-list-row");
    const name = scenario.notOpen.file.replace(/.*\//, "");
    await page.locator(".markers-panel .monaco-list-row", { hasText: name }).first().waitFor();
    await until("all files are listed", async () => (await rows.count()) >= scenario.leaks, () => rows.allInnerTexts());
    await window.shot("04-problems");
    await window.picture("problems", { x: 348, y: 30, width: 932, height: 748 });
    await page.keyboard.press("Control+Shift+M");
  });

  await test("the report is sorted, filtered, unfolded, and leads to the source", async () => {
    await window.run("Leakwright: Show Report");
    const report = await window.webview("#rows tr");
    const places = () => report.locator("#rows td:last-child > button").allInnerTexts();
    const all = scenario.leaks + scenario.fixAll.count;
    await until("the report has everything", async () => (await places()).length === all, places);
    equal("worst first, then by place", (await places())[0], "inbox/export.py:5");
    await report.locator("th button", { hasText: "Where" }).click();
    await report.locator("th button", { hasText: "Where" }).click();
    equal("sorted by place, backwards", await places(), [
      "inbox/tokens.py:6",
      "inbox/templates.py:10",
      "inbox/templates.py:5",
      "inbox/store.py:11",
      "inbox/history.py:7",
      "inbox/export.py:5",
    ]);
    await report.locator("th button", { hasText: "Severity" }).click();
    await report.locator("#rows .toggle").first().click();
    await report.locator(".evidence", { hasText: "lives as long as the process" }).waitFor();
    await window.shot("05-report-dark");
    await window.picture("report", { x: 348, y: 65, width: 932, height: 445 });
    server.set({ "workbench.colorTheme": "Default Light Modern" });
    await report.locator("body.vscode-light").waitFor();
    await window.shot("06-report-light");
    server.set({});
    await report.locator("body.vscode-dark").waitFor();
    await report.locator("#filter").fill("history");
    await until("the filter holds", async () => (await places()).length === 1, places);
    await report.locator("#rows td:last-child > button").first().click();
    await page.locator('.tab.active[data-resource-name="history.py"]').waitFor();
  });

  const mend = async (fix: Fix, menu?: string, confirm?: () => Promise<void>) => {
    await window.openFile(fix.file);
    await window.squiggles().first().waitFor({ state: "attached" });
    const bulb = page.locator(".editor-instance .lightBulbWidget, .editor-instance [class*=codicon-gutter-lightbulb]");
    // The editor asks for what it offers when the cursor moves.
    await until("the light bulb is shown", async () => {
      await window.goTo(1, 1);
      await window.goTo(fix.start[0] + 1, fix.start[1] + 1);
      return bulb.first().waitFor({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
    });
    await window.quickFix(fix.title, menu);
    await confirm?.();
    await window.squiggles().first().waitFor({ state: "detached" });
  };

  await test("the quick fix makes a deque with a limit, and selects the limit", async () => {
    await mend(deque, "07-quickfix");
    await until("the number is selected", async () => (await selected(window)) === deque.number, () => selected(window));
    await window.shot("08-fixed");
    await window.save();
    equal("on disk", onDisk(deque.file), fixed(deque.file));
  });

  await test("the quick fix limits a cache, after a look at it where that is set", async () => {
    await server.setAndRestart({ "leakwright.previewUnsafeFixes": true });
    await mend(cache, undefined, async () => {
      const preview = page.locator(".bulk-edit-panel");
      await preview.locator("input.edit-checkbox").first().click();
      await window.shot("09-preview");
      await preview.locator(".monaco-button", { hasText: "Apply" }).click();
    });
    await server.setAndRestart({});
    await window.save();
    equal("on disk", onDisk(cache.file), fixed(cache.file));
  });

  await test("the quick fix closes a file", async () => {
    await mend(resource);
    await window.save();
    equal("on disk", onDisk(resource.file), fixed(resource.file));
  });

  await test("the page of a rule is shown beside the code", async () => {
    await window.openFile(scenario.notOpen.file);
    await window.goTo(scenario.notOpen.line + 1, 5);
    await window.quickFix(`Open the page of ${scenario.notOpen.code}`);
    const shown = await window.webview("h1:has-text('LW101 unbounded-collection')");
    await shown.locator("h2", { hasText: "Why it leaks" }).waitFor();
    await window.shot("10-rule");
  });

  await test("all that is safe is fixed in the workspace, after a look at it", async () => {
    await window.run("Leakwright: Fix All That Is Safe in the Workspace");
    const preview = page.locator(".multiDiffEditor", { hasText: "with open(path) as f" });
    await preview.waitFor();
    await window.shot("11-fix-workspace");
    await window.answer("make these", "Apply");
    await until(
      "the file is mended on disk",
      () => onDisk(scenario.fixAll.file) === fixed(scenario.fixAll.file),
      () => onDisk(scenario.fixAll.file),
    );
  });

  await test("the menu of the status bar leads to the rules", async () => {
    await window.status().click();
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "Restart server" }).waitFor();
    await window.shot("12-menu");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "Explain rule" }).click();
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "unbounded-lru-cache" }).waitFor();
    await page.keyboard.press("Escape");
  });

  await test("the walkthrough shows the way", async () => {
    await window.run("View: Close All Editors");
    await window.run("Welcome: Open Walkthrough");
    const row = page.locator(".quick-input-list .monaco-list-row", { hasText: "Find and mend leaks" });
    await row.first().click();
    await page.locator(".gettingStartedContainer .step-title", { hasText: "See why it leaks" }).first().waitFor();
    await window.shot("13-walkthrough");
  });

  await test("the editor has shown no error", async () => {
    await window.run("Notifications: Show Notifications");
    const errors = page.locator(".notifications-center .notification-list-item", { has: page.locator(".codicon-error") });
    equal("errors", await errors.allInnerTexts(), []);
  });

  await page.close();
}

/** What is selected in the active editor. */
async function selected(window: Workbench): Promise<string> {
  const text = await window.page.locator(".statusbar-item[id='status.editor.selection']").innerText();
  const count = /\((\d+) selected\)/.exec(text)?.[1];
  const place = /Ln (\d+), Col (\d+)/.exec(text);
  if (count === undefined || place === null) {
    return text;
  }
  const lines = await window.page.locator(".editor-instance .view-line").evaluateAll((elements) =>
    elements
      .map((element) => ({ top: element.getBoundingClientRect().top, text: (element as HTMLElement).innerText }))
      .sort((a, b) => a.top - b.top)
      .map(({ text }) => text.replaceAll("\u00a0", " ")),
  );
  const end = Number(place[2]) - 1;
  return (lines[Number(place[1]) - 1] ?? "").slice(end - Number(count), end);
}
