// The interpreter, in a thread of its own: the page stays alive, and ends it to stop a program.
//
// gets   {type: "start", config, home}, {type: "run", source}, {type: "walk", index, lang}
// sends  {type: "stage", name}, "ready", "failed", "tell" (kind, data), "done" (result), "page"

let python = null;
let study = null;

const say = (message) => postMessage(message);

async function start(config, home) {
  const base = new URL(config.pyodide, home).href;
  say({ type: "stage", name: "interpreter" });
  const { loadPyodide } = await import(base + "pyodide.mjs");
  python = await loadPyodide({ indexURL: base });
  say({ type: "stage", name: "numpy" });
  await python.loadPackage(config.packages, { messageCallback() {} });
  say({ type: "stage", name: "rushlight" });
  const wheel = await fetch(new URL(config.wheel, home));
  if (!wheel.ok) throw new Error(`${config.wheel}: ${wheel.status} ${wheel.statusText}`);
  const extractDir = python.runPython("import site; site.getsitepackages()[0]");
  python.unpackArchive(new Uint8Array(await wheel.arrayBuffer()), "wheel", { extractDir });
  python.runPython(
    "import importlib, json; importlib.invalidate_caches()\n" +
      config.modules.map((name) => `import ${name}`).join("\n")
  );
  say({ type: "ready", version: python.runPython("import sys; sys.version.split()[0]") });
}

// What the program imports and the folder of wheels has: matplotlib, Pillow.
async function packages(source) {
  const wanted = python.pyimport("pyodide.code").find_imports;
  let names;
  try {
    names = wanted(source).toJs();
  } catch {
    return; // a mistake in the program: it says so itself
  }
  const known = python.runPython(
    "import sys, importlib.util\n" +
      "lambda names: [n for n in names if n in ('matplotlib', 'PIL', 'scipy', 'sklearn', 'pandas') " +
      "and importlib.util.find_spec(n) is None]"
  );
  const missing = known(names).toJs();
  const packageOf = { PIL: "pillow", sklearn: "scikit-learn" };
  for (const name of missing) {
    say({ type: "stage", name: "package", what: name });
    await python.loadPackage(packageOf[name] ?? name, { messageCallback() {}, errorCallback() {} });
  }
}

async function run(source) {
  await packages(source);
  say({ type: "running" });
  const tell = (kind, text) => say({ type: "tell", kind, data: JSON.parse(text) });
  python.globals.set("_source", source);
  python.globals.set("_tell", tell);
  study?.destroy();
  study = null;
  const text = python.runPython(`
from rushlight.app.playground.study import Study
_study = Study(_source, lambda kind, data: _tell(kind, json.dumps(data)))
json.dumps(_study.run())`);
  study = python.globals.get("_study");
  say({ type: "done", result: JSON.parse(text) });
}

self.onmessage = async ({ data }) => {
  try {
    if (data.type === "start") await start(data.config, data.home);
    else if (data.type === "run") await run(data.source);
    else if (data.type === "walk") {
      say({ type: "page", index: data.index, lang: data.lang, page: study.walk(data.index, data.lang) });
    }
  } catch (error) {
    const text = String(error.message ?? error).trim();
    say({ type: data.type === "walk" ? "nopage" : "failed", index: data.index, text });
  }
};
