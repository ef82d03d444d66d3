// Starts `dslnas lsp` for files of the language, and shows how to install it where it is missing.

const path = require("path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

// A setting; a path in it is relative to the workspace's folder.
function setting(key) {
  const written = vscode.workspace.getConfiguration("dslnas").get(key);
  const folder = vscode.workspace.workspaceFolders?.[0];
  const isPath = written.includes("/") && !written.includes("://");
  return folder && isPath ? path.resolve(folder.uri.fsPath, written) : written;
}

async function activate() {
  const docs = setting("docs");
  client = new LanguageClient(
    "dslnas",
    { command: setting("command"), args: ["lsp", ...(docs ? ["--docs", docs] : [])] },
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
