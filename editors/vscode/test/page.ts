// The page that `leakwright report --format html` writes, in a browser: what a reader does with it.

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import type { Browser, BrowserContextOptions, Page } from "playwright-core";

import { required } from "./scenario";
import { Tap } from "./tap";
import { launch } from "./workbench";

const WORK = required("LEAKWRIGHT_WORK");
const PROGRAM = required("LEAKWRIGHT");
const REPOSITORY = resolve("../..");
const EXAMPLES = "examples/memory_store";

interface Finding {
  readonly code: string;
  readonly family: string;
  readonly path: string;
  readonly message: string;
  readonly risk: string;
  readonly range: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** A page, and what it did that it should not have done. */
interface Opened {
  readonly page: Page;
  readonly wrong: string[];
}

function run(folder: string, ...args: string[]): string {
  try {
    return execFileSync(PROGRAM, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    // Findings end `check` with code 1.
    const { status, stdout } = error as { status?: number; stdout?: string };
    if (status === 1 && stdout !== undefined) {
      return stdout;
    }
    throw error;
  }
}

function written(name: string, folder: string, path: string): string {
  const file = join(WORK, `${name}.html`);
  writeFileSync(file, run(folder, "report", "--format", "html", path));
  return pathToFileURL(file).href;
}

async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const wrong: string[] = [];
  page.on("console", (message) => { wrong.push(`console: ${message.text()}`); });
  page.on("pageerror", (error) => { wrong.push(`error: ${error.message}`); });
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url().replace(/#.*/, "") !== url) {
      wrong.push(`request: ${request.url()}`);
    }
  });
  await page.goto(url);
  return { page, wrong };
}

function equal<T>(what: string, saw: T, expected: T): void {
  const [left, right] = [JSON.stringify(saw), JSON.stringify(expected)];
  if (left !== right) {
    throw new Error(`${what}: ${left}, not ${right}`);
  }
}

/** The numbers of the findings that are shown, in the order in which they are. */
async function shown(page: Page): Promise<number[]> {
  const found = page.locator(".finding:not([hidden])");
  return found.evaluateAll((all) => all.map((one) => Number((one as HTMLElement).dataset.number)));
}

async function isOpen(page: Page, number: number): Promise<boolean> {
  return page.locator(`#finding-${number} details`).evaluate((details) => (details as HTMLDetailsElement).open);
}

/** How text stands out from what is behind it, by the Web Content Accessibility Guidelines; the least of some. */
async function contrast(page: Page, selectors: string[]): Promise<[number, string]> {
  return page.evaluate((selectors) => {
    const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (color: string): number => {
      const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
        const part = value / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element: Element): string => {
      for (let at: Element | null = element; at; at = at.parentElement) {
        const color = getComputedStyle(at).backgroundColor;
        if (channels(color)[3] !== 0) {
          return color;
        }
      }
      return "rgb(255, 255, 255)";
    };
    let least: [number, string] = [Infinity, ""];
    for (const selector of selectors) {
      const elements = document.querySelectorAll(selector);
      if (elements.length === 0) {
        throw new Error(`nothing is ${selector}`);
      }
      for (const element of elements) {
        const style = getComputedStyle(element);
        const color = element instanceof SVGElement ? style.fill : style.color;
        const [one, other] = [luminance(color), luminance(behind(element))];
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (ratio < least[0]) {
          least = [ratio, selector];
        }
      }
    }
    return least;
  }, selectors);
}

const TEXTS = ["p", "h2", "h3", "dt", "dd", ".badge", ".where", "pre.diff span", "pre .note", "pre .number", "mark", "mark.main"];
const MORE_TEXTS = ["a:not(.bar):not(.skip)", "button", "kbd", ".keys", "label", "td", "th", "svg text", "small", "em"];

async function readsWell(page: Page): Promise<void> {
  const [ratio, selector] = await contrast(page, [...TEXTS, ...MORE_TEXTS]);
  if (ratio < 4.5) {
    throw new Error(`${selector} stands out by ${ratio.toFixed(2)} only`);
  }
}

async function withAScript(tap: Tap, browser: Browser, url: string, findings: Finding[]): Promise<void> {
  const { page, wrong } = await open(browser, url, { colorScheme: "light" });
  const all = findings.map((_, index) => index + 1);
  const where = (fits: (finding: Finding) => boolean): number[] => all.filter((number) => fits(at(findings, number)));

  await tap.test("page: findings are filtered by what they are, and by words", async () => {
    equal("all", await shown(page), all);
    await page.locator("#family").selectOption("resource");
    equal("of a family", await shown(page), where((finding) => finding.family === "resource"));
    equal("said", await page.locator("#count").innerText(), `${(await shown(page)).length} of ${all.length} findings shown`);
    await page.locator("#risk").selectOption("LOW");
    equal("and a risk", await shown(page), where((finding) => finding.family === "resource" && finding.risk === "LOW"));
    await page.locator("button[type=reset]").click();
    equal("cleared", await shown(page), all);
    await page.locator("#search").fill("lw101 EPISODES");
    equal("words", await shown(page), where((finding) => finding.code === "LW101" && finding.path.includes("episodes")));
    await page.locator("#search").fill("no such word");
    await page.locator("#none").waitFor({ state: "visible" });
    equal("nothing", await shown(page), []);
    await page.locator("#search").fill("");
    equal("no words", await shown(page), all);
  });

  await tap.test("page: findings are sorted, those that are equal by place", async () => {
    await page.locator("#sort").selectOption("risk");
    const order = ["HIGH", "MEDIUM", "LOW"];
    const rank = (number: number): number => order.indexOf(at(findings, number).risk);
    equal("by risk", await shown(page), [...all].sort((a, b) => rank(a) - rank(b) || a - b));
    await page.locator("#sort").selectOption("rule");
    const code = (number: number): string => at(findings, number).code;
    equal("by rule", await shown(page), [...all].sort((a, b) => code(a).localeCompare(code(b)) || a - b));
    await page.locator("#sort").selectOption("path");
    equal("by place", await shown(page), all);
  });

  await tap.test("page: a bar of a chart shows its findings, and counts them", async () => {
    for (const family of ["growth", "resource"]) {
      const bar = page.locator(`.bar[data-control=family][data-value=${family}]`);
      const expected = where((finding) => finding.family === family);
      equal("its number", await bar.locator("text").last().textContent(), String(expected.length));
      await bar.focus();
      await page.keyboard.press("Enter");
      equal("its findings", await shown(page), expected);
    }
    const counted = page.locator(".bar[data-control=folder]").evaluateAll((bars) =>
      bars.map((bar) => Number((bar as SVGElement).dataset.count)).reduce((sum, count) => sum + count, 0),
    );
    equal("folders", await counted, all.length);
    await page.locator("button[type=reset]").click();
  });

  await tap.test("page: keys are enough", async () => {
    await page.locator("h1").click();
    await page.keyboard.press("/");
    equal("the search", await page.evaluate(() => document.activeElement?.id), "search");
    await page.keyboard.type("jk/");
    equal("what is typed", await page.locator("#search").inputValue(), "jk/");
    await page.locator("#search").fill("");
    await page.keyboard.press("Escape");
    const focused = (): Promise<string | undefined> =>
      page.evaluate(() => document.activeElement?.closest(".finding")?.id);
    for (const [key, expected] of [["j", "finding-1"], ["j", "finding-2"], ["j", "finding-3"], ["k", "finding-2"]] as const) {
      await page.keyboard.press(key);
      equal(`after ${key}`, await focused(), expected);
    }
    equal("closed at first", await isOpen(page, 2), false);
    await page.keyboard.press("Enter");
    equal("opened", await isOpen(page, 2), true);
    await page.keyboard.press("Enter");
    equal("closed again", await isOpen(page, 2), false);
    await page.locator("#expand").press("Enter");
    equal("all", (await Promise.all(all.map((number) => isOpen(page, number)))).every(Boolean), true);
    await page.locator("#collapse").press("Space");
    equal("none", (await Promise.all(all.map((number) => isOpen(page, number)))).some(Boolean), false);
  });

  await tap.test("page: the evidence is highlighted in the code", async () => {
    await page.locator("#expand").click();
    for (const number of all) {
      const { range, message } = at(findings, number);
      const finding = page.locator(`#finding-${number}`);
      const marked = (await finding.locator("mark.main").allTextContents()).join("");
      if (range.start.line === range.end.line) {
        equal(`what is marked of "${message}"`, marked.length, range.end.column - range.start.column);
      } else if (marked === "") {
        throw new Error(`nothing is marked of "${message}"`);
      }
      const colors = await finding.locator("mark.main").first().evaluate((mark) => [
        getComputedStyle(mark).backgroundColor,
        getComputedStyle(mark.closest("pre") ?? mark).backgroundColor,
      ]);
      equal("it stands out", colors[0] === colors[1], false);
    }
    await page.locator("#finding-1 .chain a").first().click();
    equal("a place leads to its line", await page.locator("pre .note:target").count(), 1);
    await page.locator("#collapse").click();
  });

  await tap.test("page: a link to a finding opens it", async () => {
    await page.goto(`${url}#finding-4`);
    equal("opened", await isOpen(page, 4), true);
    await page.waitForFunction(() => {
      const box = document.querySelector("#finding-4")?.getBoundingClientRect();
      return box !== undefined && box.top < innerHeight && box.bottom > 0;
    });
  });

  await tap.test("page: it reads well in light and in dark, as the system or a button says", async () => {
    await page.locator("#expand").click();
    const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await readsWell(page);
    await page.screenshot({ path: join(WORK, "light.png") });
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await background();
    equal("dark differs", dark === light, false);
    await readsWell(page);
    await page.screenshot({ path: join(WORK, "dark.png") });
    await page.locator("#theme").click();
    equal("the button wins", await background(), light);
    equal("and says what it does", await page.locator("#theme").innerText(), "Dark");
    await page.emulateMedia({ colorScheme: "light" });
    await page.locator("#theme").click();
    equal("the button wins again", await background(), dark);
    await page.locator("#theme").click();
    await page.locator("#collapse").click();
  });

  await tap.test("page: it prints whole, without what is to be clicked", async () => {
    const before = await page.pdf({ path: join(WORK, "page.pdf"), format: "A4" });
    equal("closed again after it was printed", await isOpen(page, 1), false);
    await page.emulateMedia({ media: "print" });
    equal("the controls", await page.locator("#controls").isVisible(), false);
    equal("the button", await page.locator("#theme").isVisible(), false);
    for (const number of all) {
      equal("a program", await page.locator(`#finding-${number} .program`).isVisible(), true);
    }
    await page.emulateMedia({ media: "screen" });
    await page.locator("#search").fill("no such word");
    const without = await page.pdf({ format: "A4" });
    if (before.length < 2 * without.length) {
      throw new Error(`${before.length} bytes with all findings, ${without.length} with none`);
    }
    await page.locator("button[type=reset]").click();
  });

  await tap.test("page: it fits a narrow window", async () => {
    await page.setViewportSize({ width: 360, height: 640 });
    await page.locator("#expand").click();
    const [wide, visible] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    if (wide > visible) {
      throw new Error(`it is ${wide} wide, of which ${visible} are seen`);
    }
    await page.screenshot({ path: join(WORK, "narrow.png") });
  });

  await tap.test("page: it asked for nothing and complained of nothing", async () => {
    await page.close();
    equal("wrong", wrong, []);
  });
}

function at(findings: Finding[], number: number): Finding {
  const found = findings[number - 1];
  if (found === undefined) {
    throw new Error(`there is no finding ${number}`);
  }
  return found;
}

async function main(): Promise<number> {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(WORK, { recursive: true });
  const tap = new Tap();
  const checked = JSON.parse(run(REPOSITORY, "check", EXAMPLES, "--format", "json")) as { findings: Finding[] };
  const url = written("examples", REPOSITORY, EXAMPLES);
  const browser = await launch(required("CHROMIUM"));
  await withAScript(tap, browser, url, checked.findings);

  await tap.test("page: without a script everything is there, and nothing that needs one", async () => {
    const { page, wrong } = await open(browser, url, { javaScriptEnabled: false });
    equal("findings", await page.locator(".finding").count(), checked.findings.length);
    for (const control of ["#controls", "#theme", ".copy"]) {
      equal(control, await page.locator(control).first().isVisible(), false);
    }
    await page.locator("#finding-1 summary").click();
    equal("evidence", await page.locator("#finding-1 mark.main").first().isVisible(), true);
    await page.close();
    equal("wrong", wrong, []);
  });

  await tap.test("page: nothing in names or code is run or becomes part of the page", async () => {
    const folder = join(WORK, "hostile");
    mkdirSync(folder);
    const text = "seen = []  # </script><img src=x onerror=alert(1)>\n\n\ndef handle(event):\n"
      + '    seen.append((event, "</pre><script>alert(2)</script>"))\n';
    for (const name of ["a\"><script>alert(3)<b>.py", "x' onclick='alert(4)'.py", "<svg onload=alert(5)>.py"]) {
      writeFileSync(join(folder, name.replaceAll("/", "")), text);
    }
    const { page, wrong } = await open(browser, written("hostile", folder, "."));
    await page.locator("#expand").click();
    equal("findings", await page.locator(".finding").count(), 3);
    equal("elements", await page.locator("main :is(img, script, b, [onclick], [onload])").count(), 0);
    await page.locator(".bar[data-control=search]").first().click();
    equal("the bar of a file", (await shown(page)).length, 1);
    await page.close();
    equal("wrong", wrong, []);
  });

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
