// The editor: a textarea over painted text, with line numbers and the shapes that lines made.

const KEYWORDS = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally " +
    "for from global if import in is lambda nonlocal not or pass raise return try while with yield").split(" ")
);
const TOKEN =
  /(#.*)|([rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))|(@[\w.]+)|(\b\d[\w.]*)|([A-Za-z_]\w*)/g;

const escape = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

// The program as HTML: comments, texts, numbers, keywords, what is called, what is defined.
function painted(source) {
  let out = "";
  let last = 0;
  let before = "";
  for (const match of source.matchAll(TOKEN)) {
    out += escape(source.slice(last, match.index));
    const [text, comment, string, decorator, number, word] = match;
    let kind = "";
    if (comment) kind = "comment";
    else if (string) kind = "string";
    else if (decorator) kind = "decorator";
    else if (number) kind = "number";
    else if (KEYWORDS.has(word)) kind = "keyword";
    else if (before === "def" || before === "class") kind = "defined";
    else if (source[match.index + text.length] === "(") kind = "called";
    // a text of many lines is painted line by line, so that lines can be told apart
    out += kind
      ? text.split("\n").map((t) => `<span class="${kind}">${escape(t)}</span>`).join("\n")
      : escape(text);
    before = word ?? "";
    last = match.index + text.length;
  }
  return out + escape(source.slice(last));
}

export class Editor {
  constructor(area, paint, gutter, run) {
    Object.assign(this, { area, paint, gutter, run });
    this.shapes = {};
    this.wrong = 0;
    this.hints = new Set();
    this.leaving = false;
    this.changed = () => {};
    area.addEventListener("input", () => {
      this.mark({}, 0, []);
      this.changed();
    });
    area.addEventListener("scroll", () => this.follow());
    area.addEventListener("keydown", (event) => this.key(event));
  }

  get value() {
    return this.area.value;
  }

  set value(text) {
    this.area.value = text;
    this.area.scrollTop = this.area.scrollLeft = 0;
    this.mark({}, 0, []);
  }

  // shapes {line: text}, the line of an error, the lines of hints
  mark(shapes, wrong, hints) {
    this.shapes = shapes;
    this.wrong = wrong;
    this.hints = new Set(hints);
    this.draw();
  }

  draw() {
    const lines = painted(this.value).split("\n");
    const numbers = [];
    lines.forEach((html, i) => {
      const n = i + 1;
      const style = n === this.wrong ? "wrong" : this.hints.has(n) ? "hint" : "";
      const shape = this.shapes[n] ? `<span class="made">${escape(this.shapes[n])}</span>` : "";
      lines[i] = style || shape ? `<span class="row ${style}">${html}</span>${shape}` : html;
      numbers.push(style ? `<b class="${style}">${n}</b>` : n);
    });
    this.paint.innerHTML = lines.join("\n") + "\n";
    this.gutter.innerHTML = numbers.join("\n") + "\n";
    this.follow();
  }

  follow() {
    const { scrollTop, scrollLeft } = this.area;
    this.paint.style.transform = `translate(${-scrollLeft}px,${-scrollTop}px)`;
    this.gutter.firstChild && (this.gutter.style.transform = `translateY(${-scrollTop}px)`);
  }

  show(line) {
    const tall = parseFloat(getComputedStyle(this.area).lineHeight);
    this.area.scrollTop = Math.max(0, (line - 1) * tall - this.area.clientHeight / 2);
    const start = this.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    this.area.focus();
    this.area.setSelectionRange(start, start);
  }

  // Puts text in the place of [from, to): as if typed, so that undo knows it.
  put(from, to, text, select) {
    this.area.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, text)) {
      this.area.setRangeText(text, from, to, "end");
      this.area.dispatchEvent(new Event("input"));
    }
    if (select) this.area.setSelectionRange(...select);
  }

  key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      return this.run();
    }
    if (event.key === "Escape") {
      this.leaving = true;
      return;
    }
    const leaving = this.leaving;
    this.leaving = false;
    if (event.key === "Tab" && !leaving && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      return this.indent(event.shiftKey);
    }
    if (event.key === "/" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      return this.comment();
    }
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      return this.newline();
    }
    if (event.key === "Backspace" && this.area.selectionStart === this.area.selectionEnd) {
      const at = this.area.selectionStart;
      const line = this.value.slice(this.value.lastIndexOf("\n", at - 1) + 1, at);
      if (line && line.length % 4 === 0 && !line.trim()) {
        event.preventDefault();
        this.put(at - 4, at, "");
      }
    }
  }

  newline() {
    const { selectionStart: from, selectionEnd: to } = this.area;
    const line = this.value.slice(this.value.lastIndexOf("\n", from - 1) + 1, from);
    let blank = line.match(/^\s*/)[0];
    if (/:\s*(#.*)?$/.test(line)) blank += "    ";
    else if (/^\s*(return|break|continue|pass|raise)\b/.test(line)) blank = blank.slice(4);
    this.put(from, to, "\n" + blank);
    // a line below the window comes into it
    this.area.blur();
    this.area.focus();
  }

  // The whole lines of the selection, each changed; a selection of them afterwards.
  lines(change) {
    const { selectionStart: from, selectionEnd: to, value } = this.area;
    const begin = value.lastIndexOf("\n", from - 1) + 1;
    const found = value.indexOf("\n", to > from ? to - 1 : to);
    const end = found < 0 ? value.length : found;
    const text = change(value.slice(begin, end).split("\n")).join("\n");
    this.put(begin, end, text, [begin, begin + text.length]);
  }

  indent(less) {
    const { selectionStart: from, selectionEnd: to, value } = this.area;
    if (less) return this.lines((lines) => lines.map((line) => line.replace(/^ {1,4}/, "")));
    if (value.slice(from, to).includes("\n")) {
      return this.lines((lines) => lines.map((line) => (line ? "    " + line : line)));
    }
    const column = from - value.lastIndexOf("\n", from - 1) - 1;
    this.put(from, to, " ".repeat(4 - (column % 4)));
  }

  comment() {
    this.lines((lines) => {
      const full = lines.filter((line) => line.trim());
      if (full.every((line) => /^\s*#/.test(line))) {
        return lines.map((line) => line.replace(/^(\s*)# ?/, "$1"));
      }
      const least = Math.min(...full.map((line) => line.search(/\S/)));
      return lines.map((line) => (line.trim() ? line.slice(0, least) + "# " + line.slice(least) : line));
    });
  }
}
