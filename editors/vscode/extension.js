// Starts `dslnas lsp` for files of the language, and shows how to install it where it is missing.

const path = require("path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function command() {
  const written = vscode.workspace.getConfiguration("dslnas").get("command");
  const folder = vscode.workspace.workspaceFolders?.[0];
  const isRelative = written.includes("/") && !path.isAbsolute(written);
  return folder && isRelative ? path.join(folder.uri.fsPath, written) : written;
}

async function activate() {
  client = new LanguageClient(
    "dslnas",
    { command: command(), args: ["lsp"] },
    { documentSelector: [{ language: "nas" }] },
  );
  try {
    await client.start();
  } catch (error) {
    const help = "pip install 'dslnas[lsp]', or name the command in the setting dslnas.command";
    vscode.window.showWarningMessage(`dslnas lsp does not start (${error.message}): ${help}`);
  }
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
