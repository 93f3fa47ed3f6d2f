// Packs the extension for one platform, with the program in it.
//
// usage: node package.mjs PROGRAM [TARGET] [OUT]
// TARGET is one of vsce's names of platforms, such as linux-x64; that of this machine, if it is not given.

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";

const [program, target = `${process.platform}-${process.arch}`, out = `leakwright-${target}.vsix`] =
  process.argv.slice(2);
if (program === undefined) {
  console.error("usage: node package.mjs PROGRAM [TARGET] [OUT]");
  process.exit(2);
}

const source = resolve(program);
const destination = resolve(out);
process.chdir(import.meta.dirname);

rmSync("server", { recursive: true, force: true });
mkdirSync("server");
const packed = `server/${basename(source)}`;
copyFileSync(source, packed);
chmodSync(packed, 0o755);
const licenses = ["MIT", "APACHE"].map((name) => readFileSync(`../../LICENSE-${name}`, "utf8"));
writeFileSync("LICENSE.txt", `At your option one of these two licences.\n\n${licenses.join("\n\n")}`);

const run = (script, ...args) => execFileSync(process.execPath, [script, ...args], { stdio: "inherit" });
run("esbuild.mjs");
run("node_modules/@vscode/vsce/vsce", "package", "--no-dependencies", "--target", target, "--out", destination);
