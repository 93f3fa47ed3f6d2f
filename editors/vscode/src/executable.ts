// Where the program is: what the user names, else the one packed with the extension, else the first on PATH,
// else the one in the Python environment of the folder.
//
// What a folder that is not trusted could have put there is never run: its own setting is withheld by the
// editor, and its environments are not looked at.

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";

export interface Executable {
  readonly path: string;
  readonly origin: string;
}

const NAME = process.platform === "win32" ? "leakwright.exe" : "leakwright";
const BIN = process.platform === "win32" ? "Scripts" : "bin";

/** Finds the program. Fails if the user names one that cannot be run, or if there is none at all. */
export async function locate(context: vscode.ExtensionContext): Promise<Executable> {
  const named = vscode.workspace.getConfiguration("leakwright").get<string>("path", "").trim();
  if (named !== "") {
    const file = expanded(named);
    if (await isExecutable(file)) {
      return { path: file, origin: "leakwright.path" };
    }
    throw new Error(`The setting leakwright.path names ${file}, which is no program that can be run.`);
  }
  const places: [string, () => Promise<string[]> | string[]][] = [
    ["packed with the extension", () => [context.asAbsolutePath("server")]],
    ["PATH", foldersOnPath],
    ["the Python environment", environments],
  ];
  for (const [origin, folders] of places) {
    for (const folder of await folders()) {
      const file = path.join(folder, NAME);
      if (await isExecutable(file)) {
        return { path: file, origin };
      }
    }
  }
  throw new Error(
    "The program `leakwright` was found neither with the extension, nor on PATH, nor in the Python environment. " +
      "Install it, or set leakwright.path.",
  );
}

function expanded(named: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  const file = named.replace(/^~(?=$|[/\\])/, homedir()).replaceAll("${workspaceFolder}", folder);
  return path.isAbsolute(file) ? file : path.join(folder, file);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** Relative entries are left out: they would mean the folder that happens to be open. */
function foldersOnPath(): string[] {
  return (process.env.PATH ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
}

async function environments(): Promise<string[]> {
  if (!vscode.workspace.isTrusted) {
    return [];
  }
  const folders = vscode.workspace.workspaceFolders ?? [];
  const chosen = await Promise.all(folders.map((folder) => chosenEnvironment(folder.uri)));
  const active = process.env.VIRTUAL_ENV;
  const activated = active === undefined || active === "" ? [] : [path.join(active, BIN)];
  const usual = folders.flatMap(({ uri }) => [".venv", "venv"].map((name) => path.join(uri.fsPath, name, BIN)));
  return [...chosen.filter((folder) => folder !== undefined), ...activated, ...usual];
}

/** What we use of the interface of the Python extension. */
interface PythonExtension {
  environments?: {
    getActiveEnvironmentPath(resource: vscode.Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
  };
}

/** The folder of the interpreter that is chosen in the Python extension, if there is one. */
async function chosenEnvironment(folder: vscode.Uri): Promise<string | undefined> {
  try {
    const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
    const { environments } = (await extension?.activate()) ?? {};
    const environment = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
    const interpreter = environment?.executable.uri?.fsPath;
    return interpreter === undefined ? undefined : path.dirname(interpreter);
  } catch {
    return undefined; // Another extension's trouble is not ours.
  }
}
