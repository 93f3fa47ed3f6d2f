// Tests that run inside VS Code's extension host, through its interface. Results go to the file that
// LEAKWRIGHT_RESULTS names.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import * as vscode from "vscode";

import { equal, type Fix, fixed, required, scenario, until } from "../scenario";
import { Tap } from "../tap";

const root = () => vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file("/");
const uriOf = (file: string) => vscode.Uri.joinPath(root(), file);
const onDisk = (file: string) => readFileSync(join(root().fsPath, file), "utf8");

function diagnostics(file: string): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uriOf(file)).filter(({ source }) => source === "leakwright");
}

function codeOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === "object" ? code.value : code);
}

async function found(file: string, count: number): Promise<vscode.Diagnostic[]> {
  return until(
    `${file} has ${count} findings`,
    () => {
      const all = diagnostics(file);
      return all.length === count && all;
    },
    () => diagnostics(file).map((one) => [codeOf(one), one.message, one.range]),
  );
}

async function show(file: string): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uriOf(file)));
}

const pair = (place: vscode.Position) => [place.line, place.character];

async function inlineWarning(fix: Fix): Promise<void> {
  await show(fix.file);
  const [one] = await found(fix.file, 1);
  if (!one) {
    return;
  }
  equal("code", codeOf(one), fix.code);
  equal("severity", one.severity, vscode.DiagnosticSeverity.Warning);
  equal("range", [pair(one.range.start), pair(one.range.end)], [fix.start, fix.end]);
  equal("the message begins as it should", one.message.slice(0, fix.message.length), fix.message);
  const target = typeof one.code === "object" ? one.code.target.path : "";
  equal("the code links to the page of the rule", target.endsWith(`/${fix.code}`), true);
  const related = (one.relatedInformation ?? []).map(({ location, message }) => ({ line: location.range.start.line, message }));
  for (const { line, message } of fix.evidence) {
    const has = related.some((place) => place.line === line && place.message.includes(message));
    equal(`"${message}" on line ${line} is among the evidence ${JSON.stringify(related)}`, has, true);
  }
}

async function hover(fix: Fix): Promise<void> {
  const place = new vscode.Position(fix.start[0], fix.start[1] + 1);
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", uriOf(fix.file), place);
  const text = hovers.flatMap(({ contents }) => contents.map((one) => (one instanceof vscode.MarkdownString ? one.value : JSON.stringify(one)))).join("\n");
  equal(`hover has "${fix.hover}": ${text}`, text.includes(fix.hover), true);
}

async function quickFix(fix: Fix): Promise<void> {
  const { document } = await show(fix.file);
  const [one] = await found(fix.file, 1);
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    document.uri,
    one?.range,
    vscode.CodeActionKind.QuickFix.value,
    20,
  );
  const action = actions.find(({ title }) => title === fix.title);
  if (!action?.edit) {
    throw new Error(`no "${fix.title}" with an edit among ${JSON.stringify(actions.map(({ title }) => title))}`);
  }
  equal("it is applied", await vscode.workspace.applyEdit(action.edit), true);
  await found(fix.file, 0);
  await document.save();
  equal("on disk", onDisk(fix.file), fixed(fix.file));
}

/** The program of a process. */
function programOf(id: number): string {
  return readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0")[0] ?? "";
}

/** The server's process: a child of this one. */
function serverProcess(): number | undefined {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((id) => {
      try {
        const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1];
        return Number(parent) === process.pid && readFileSync(`/proc/${id}/cmdline`, "utf8").includes("leakwright\0server");
      } catch {
        return false; // It ended meanwhile.
      }
    });
}

export async function run(): Promise<void> {
  const tap = new Tap(required("LEAKWRIGHT_RESULTS"));
  const test = (name: string, body: () => Promise<void>) => tap.test(`VS Code, extension host: ${name}`, body);
  const [deque, cache, resource] = scenario.fixes;

  await test("what is found stands on its range, with code and evidence", async () => {
    for (const fix of scenario.fixes) {
      await inlineWarning(fix);
    }
  });
  await test("hover says why it leaks", async () => {
    await show(deque.file);
    await hover(deque);
  });
  await test("a file that is not open has its findings", async () => {
    const [one] = await found(scenario.notOpen.file, 1);
    equal("line", one?.range.start.line, scenario.notOpen.line);
    const open = vscode.workspace.textDocuments.some(({ uri }) => uri.path.endsWith(scenario.notOpen.file));
    equal("it is open", open, false);
  });
  await test("findings of files that are not open go by a setting, and come back", async () => {
    const settings = vscode.workspace.getConfiguration("leakwright");
    await settings.update("openFilesOnly", true, vscode.ConfigurationTarget.Workspace);
    await found(scenario.notOpen.file, 0);
    await settings.update("openFilesOnly", undefined, vscode.ConfigurationTarget.Workspace);
    await found(scenario.notOpen.file, 1);
  });
  await test("pyproject.toml silences a rule", async () => {
    const { file, text } = scenario.silencing;
    const before = onDisk(file);
    writeFileSync(uriOf(file).fsPath, before + text);
    await found(scenario.notOpen.file, 0);
    await found(deque.file, 0);
    await found(cache.file, 1);
    writeFileSync(uriOf(file).fsPath, before);
    await found(scenario.notOpen.file, 1);
    await found(deque.file, 1);
  });
  await test("the quick fix makes a deque with a limit", () => quickFix(deque));
  await test("the quick fix limits a cache", () => quickFix(cache));
  await test("the quick fix closes a file", () => quickFix(resource));
  await test("all that is safe is fixed in a file", async () => {
    const { file, count } = scenario.fixAll;
    const { document } = await show(file);
    await found(file, count);
    await vscode.commands.executeCommand("leakwright.fixAllInFile");
    await found(file, 0);
    await document.save();
    equal("on disk", onDisk(file), fixed(file));
  });
  await test("a server that was killed is started again", async () => {
    const first = serverProcess();
    equal("a server runs", first !== undefined, true);
    process.kill(first ?? 0, "SIGKILL");
    const second = await until("another server runs", () => {
      const now = serverProcess();
      return now !== first && now;
    });
    const { document } = await show(scenario.notOpen.file);
    await found(scenario.notOpen.file, 1);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(document.lineCount, 0), "\n\ndef forget() -> None:\n    _searches.clear()\n");
    await vscode.workspace.applyEdit(edit);
    await found(scenario.notOpen.file, 0);
    await vscode.commands.executeCommand("workbench.action.files.revert");
    equal("it still runs", serverProcess(), second);
  });
  await test("the server is restarted by command", async () => {
    const first = serverProcess();
    await vscode.commands.executeCommand("leakwright.restart");
    await until("another server runs", () => {
      const now = serverProcess();
      return now !== undefined && now !== first;
    });
    await found(scenario.notOpen.file, 1);
  });
  await test("the program is the one that is set, else the packed one, else that on PATH, else that of the environment", async () => {
    const extension = vscode.extensions.getExtension<unknown>("leakwright.leakwright");
    const packed = join(extension?.extensionPath ?? "", "server/leakwright");
    const away = join(root().fsPath, "somewhere/leakwright");
    const onPath = join(root().fsPath, "bin/leakwright");
    const inEnvironment = join(root().fsPath, ".venv/bin/leakwright");
    for (const file of [away, onPath, inEnvironment]) {
      mkdirSync(dirname(file), { recursive: true });
      copyFileSync(packed, file);
    }
    const settings = () => vscode.workspace.getConfiguration("leakwright");
    const runs = async (program: string) => {
      const now = () => {
        const id = serverProcess();
        return id === undefined ? "" : programOf(id);
      };
      await until(`${program} runs`, () => now() === program, now);
      await found(scenario.notOpen.file, 1);
    };
    await settings().update("path", "${workspaceFolder}/somewhere/leakwright", vscode.ConfigurationTarget.Workspace);
    await runs(away);
    await settings().update("path", undefined, vscode.ConfigurationTarget.Workspace);
    await runs(packed);
    rmSync(packed);
    const before = process.env.PATH;
    process.env.PATH = `${before ?? ""}:${dirname(onPath)}`;
    await vscode.commands.executeCommand("leakwright.restart");
    await runs(onPath);
    process.env.PATH = before;
    await vscode.commands.executeCommand("leakwright.restart");
    await runs(inEnvironment);
    copyFileSync(inEnvironment, packed);
  });
  await test("a program that is set and missing is said, and nothing else is run", async () => {
    const settings = vscode.workspace.getConfiguration("leakwright");
    await settings.update("path", "/nowhere/leakwright", vscode.ConfigurationTarget.Workspace);
    await found(scenario.notOpen.file, 0);
    equal("a server runs", serverProcess(), undefined);
    await settings.update("path", undefined, vscode.ConfigurationTarget.Workspace);
    await found(scenario.notOpen.file, 1);
  });
  await test("it is switched off and on", async () => {
    const settings = vscode.workspace.getConfiguration("leakwright");
    await settings.update("enable", false, vscode.ConfigurationTarget.Workspace);
    await until("no server runs", () => serverProcess() === undefined);
    await found(scenario.notOpen.file, 0);
    await settings.update("enable", undefined, vscode.ConfigurationTarget.Workspace);
    await found(scenario.notOpen.file, 1);
  });
  await test("the workspace is scanned by command", async () => {
    await vscode.commands.executeCommand("leakwright.scanWorkspace");
    await found(scenario.notOpen.file, 1);
  });
  await test("every command of the manifest exists", async () => {
    const extension = vscode.extensions.getExtension<unknown>("leakwright.leakwright");
    const manifest = extension?.packageJSON as { contributes: { commands: { command: string }[] } };
    const known = new Set(await vscode.commands.getCommands(true));
    const missing = manifest.contributes.commands.map(({ command }) => command).filter((name) => !known.has(name));
    equal("missing commands", missing, []);
  });
  tap.plan();
}
