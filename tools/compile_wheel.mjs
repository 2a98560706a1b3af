// A wheel with the compiled files of the modules that these imports load, beside the sources: Pyodide
// would compile them at every start otherwise.
//
//   node compile_wheel.mjs PYODIDE WHEEL OUT MODULE...
//
// The compiled files are not checked against time or hash of the source: they come with it.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

process.on("uncaughtException", (error) => {
  console.error(String(error.message ?? error));
  process.exit(70);
});

const [pyodide, wheel, out, ...modules] = process.argv.slice(2);
const base = path.resolve(pyodide) + "/";
const { loadPyodide } = await import(pathToFileURL(base + "pyodide.mjs").href);
const python = await loadPyodide({ indexURL: base });
await python.loadPackage("numpy", { messageCallback() {} });
const bytes = new Uint8Array(fs.readFileSync(wheel));
const extractDir = python.runPython("import site; site.getsitepackages()[0]");
python.unpackArchive(bytes, "wheel", { extractDir });
python.FS.writeFile("/in.whl", bytes);
python.globals.set("modules", python.toPy(modules));
python.runPython(`
import importlib, importlib.util, site, sys, zipfile, _frozen_importlib_external as files
importlib.invalidate_caches()
for name in modules:
    importlib.import_module(name)
there = site.getsitepackages()[0] + "/"
loaded = {getattr(module, "__file__", None) for module in sys.modules.values()}
with zipfile.ZipFile("/in.whl") as old, zipfile.ZipFile("/out.whl", "w", zipfile.ZIP_DEFLATED) as new:
    for info in old.infolist():
        data = old.read(info)
        new.writestr(info, data, zipfile.ZIP_DEFLATED)
        name = info.filename
        if there + name in loaded:
            code = compile(data, there + name, "exec", dont_inherit=True)
            pyc = files._code_to_hash_pyc(code, importlib.util.source_hash(data), False)
            new.writestr(importlib.util.cache_from_source(name), bytes(pyc))
`);
fs.writeFileSync(out, python.FS.readFile("/out.whl"));
