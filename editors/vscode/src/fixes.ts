// Fixing all that is safe to fix: in a file at once, in the workspace after a look at what would change.

import * as vscode from "vscode";

import type { Findings } from "./findings";
import { Preview } from "./preview";

const KIND = "source.fixAll.leakwright";

/** A document, and the edits that fix all that is safe to fix in it. */
export interface Fixed {
  readonly document: vscode.TextDocument;
  /** The version that the edits are for. */
  readonly version: number;
  readonly edits: readonly vscode.TextEdit[];
}

async function fixed(uri: vscode.Uri): Promise<Fixed> {
  const document = await vscode.workspace.openTextDocument(uri);
  const version = document.version;
  const whole = new vscode.Range(0, 0, document.lineCount, 0);
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    uri,
    whole,
    KIND,
    1,
  );
  const own = actions.filter((action) => action.kind?.value === KIND);
  return { document, version, edits: own.flatMap((action) => action.edit?.get(uri) ?? []) };
}

export async function fixAllInFile(uri: vscode.Uri): Promise<void> {
  await apply([await fixed(uri)], false, "Leakwright: nothing in this file is safe to fix by itself.");
}

export async function fixAllInWorkspace(findings: Findings): Promise<void> {
  const files = await workOut(findings);
  if (files === undefined) {
    return;
  }
  const changing = files.filter(({ edits }) => edits.length > 0);
  if (changing.length === 0 || (await Preview.isAccepted(changing))) {
    await apply(changing, true, "Leakwright: nothing in the workspace is safe to fix by itself.");
  }
}

/** The fixes of all files that have findings. Nothing, if the user ends it. */
async function workOut(findings: Findings): Promise<Fixed[] | undefined> {
  const addresses = [...new Set(findings.all().map((finding) => finding.uri.toString()))].sort();
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Leakwright: working out fixes", cancellable: true },
    async (progress, token) => {
      const files: Fixed[] = [];
      for (const address of addresses) {
        if (token.isCancellationRequested) {
          return undefined;
        }
        const uri = vscode.Uri.parse(address);
        progress.report({ message: vscode.workspace.asRelativePath(uri), increment: 100 / addresses.length });
        files.push(await fixed(uri));
      }
      return files;
    },
  );
}

/**
 * Makes the edits, unless one of the documents is another by now. Where it is asked for, documents are saved that
 * had nothing to be saved before: nobody wants to look through tabs for what a command did.
 */
async function apply(files: readonly Fixed[], isSaved: boolean, otherwise: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  for (const { document, edits } of files) {
    if (edits.length > 0) {
      edit.set(document.uri, [...edits]);
    }
  }
  if (edit.size === 0) {
    void vscode.window.showInformationMessage(otherwise);
    return;
  }
  const changed = files.find(({ document, version }) => document.version !== version);
  if (changed) {
    const name = vscode.workspace.asRelativePath(changed.document.uri);
    void vscode.window.showWarningMessage(`Leakwright: ${name} has changed meanwhile, so nothing was fixed.`);
    return;
  }
  const clean = files.filter(({ document }) => !document.isDirty);
  const isDone = await vscode.workspace.applyEdit(edit);
  if (isDone && isSaved) {
    await Promise.all(clean.map(({ document }) => document.save()));
  }
}
