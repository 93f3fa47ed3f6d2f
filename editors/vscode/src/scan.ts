// Looking at all files of the workspace anew.

import * as vscode from "vscode";

import type { Findings } from "./findings";
import type { Server } from "./server";

/** The server's own command, where it has one. */
const COMMAND = "leakwright.scanWorkspace";

export async function scanWorkspace(server: Server, findings: Findings): Promise<void> {
  if (server.state.kind === "off" || server.state.kind === "failed") {
    await server.restart();
  } else if (server.hasCommand(COMMAND)) {
    await server.execute(COMMAND);
  } else {
    // To a server that is told of a changed configuration, everything on disk may be another.
    const folders = vscode.workspace.workspaceFolders ?? [];
    const changes = folders.map(({ uri }) => ({
      uri: vscode.Uri.joinPath(uri, "pyproject.toml").toString(),
      type: 2,
    }));
    await server.notify("workspace/didChangeWatchedFiles", { changes });
  }
  await vscode.commands.executeCommand("workbench.actions.view.problems");
  const leaks = findings.all().filter((one) => one.severity <= vscode.DiagnosticSeverity.Warning).length;
  vscode.window.setStatusBarMessage(`Leakwright: ${leaks} ${leaks === 1 ? "leak" : "leaks"} found`, 5000);
}
