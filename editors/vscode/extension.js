"use strict";

const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = function () {
  const command = workspace.getConfiguration("xenscmi").get("command");
  client = new LanguageClient(
    "xenscmi",
    "xenscmi",
    { command, args: ["lsp"] },
    {
      documentSelector: [
        { scheme: "file", pattern: "**/*.cfg" },
        { scheme: "file", pattern: "**/{host,plan}.toml" },
        { scheme: "file", pattern: "**/*.{dts,dtso,dtsi}" },
      ],
      synchronize: { fileEvents: workspace.createFileSystemWatcher("**/*.{cfg,toml,lock,dts,dtso,dtsi,dtb,dtbo}") },
    },
  );
  return client.start();
};

exports.deactivate = function () {
  return client ? client.stop() : undefined;
};
