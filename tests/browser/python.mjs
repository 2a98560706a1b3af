// Python under Pyodide in node, with the rushlight of a playground's folder:
//
//   node python.mjs PLAYGROUND FOLDER SCRIPT WORDS...
//
// FOLDER of this machine is /work there, and the current folder; SCRIPT and what it opens are in it.
// PLAYGROUND/more, if there is such a folder, holds pure wheels besides (pytest). Exits as the script.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

// node prints the line of an uncaught error, which is the whole interpreter
process.on("uncaughtException", (error) => {
  console.error(String(error.message ?? error));
  process.exit(70);
});

const [playground, folder, ...words] = process.argv.slice(2);
const config = JSON.parse(fs.readFileSync(path.join(playground, "playground.json"), "utf8"));
const base = path.resolve(playground, config.pyodide) + "/";
const { loadPyodide } = await import(pathToFileURL(base + "pyodide.mjs").href);
const bytes = (file) => new Uint8Array(fs.readFileSync(file));

const python = await loadPyodide({ indexURL: base, args: [], env: { HOME: "/tmp", ...JSON.parse(process.env.PYODIDE_ENV ?? "{}") } });
await python.loadPackage(config.packages, { messageCallback() {} });
const more = path.join(playground, "more");
const wheels = fs.existsSync(more) ? fs.readdirSync(more).map((name) => path.join(more, name)) : [];
const extractDir = python.runPython("import site; site.getsitepackages()[0]");
for (const wheel of [path.join(playground, config.wheel), ...wheels]) python.unpackArchive(bytes(wheel), "wheel", { extractDir });
python.mountNodeFS("/work", path.resolve(folder));
python.FS.chdir("/work");
python.globals.set("words", python.toPy(words));
process.exitCode = python.runPython(`
import importlib, runpy, sys, traceback
importlib.invalidate_caches()
sys.argv[:] = words
sys.path.insert(0, "/work")
sys.dont_write_bytecode = True
try:
    runpy.run_path(words[0], run_name="__main__")
    code = 0
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
except BaseException:
    traceback.print_exc()
    code = 1
sys.stdout.flush()
code`);
