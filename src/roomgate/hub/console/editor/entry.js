// The code editor, bundled at set-up with CodeMirror from npm. It takes the place of a plain field and fills it again.
// It lives in a shadow root: there CodeMirror hands its styles over as sheets, which the content policy allows, where
// in a document it would write a style element, which it does not.
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, foldGutter, foldKeymap, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { javascript } from "@codemirror/lang-javascript";
import { xml } from "@codemirror/lang-xml";
import { forceLinting, lintGutter, linter, lintKeymap } from "@codemirror/lint";
import { tags } from "@lezer/highlight";

// Chromium puts what is typed over a selection into an element with a style attribute of its own, which the policy
// forbids and CodeMirror would take out again: the editor does that itself.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || event.isComposing || event.data === null || view.state.readOnly) return false;
    if (view.state.selection.ranges.every((range) => range.empty)) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--sheet)", fontSize: "var(--t-s)", minHeight: "18rem", maxHeight: "70vh", border: "1px solid var(--edge)", borderRadius: "var(--r2)" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", minHeight: "18rem" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--ink-3)", border: "none" },
  ".cm-activeLine": { backgroundColor: "transparent", boxShadow: "inset 0 0 0 1px var(--hair)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--pine-tint)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--pine-tint)", outline: "1px solid var(--pine)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--wall)" },
  // Drawn without CodeMirror's own pictures, which are addresses of data; told apart by their shape.
  ".cm-lint-marker": { width: ".75em", height: ".75em", margin: ".35em .1em", content: "none" },
  ".cm-lint-marker-error": { content: "none", backgroundColor: "var(--bad)" },
  ".cm-lint-marker-warning": { content: "none", backgroundColor: "var(--warn)", clipPath: "polygon(50% 0, 100% 100%, 0 100%)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline dotted var(--warn)" },
  ".cm-lintRange-active": { backgroundColor: "var(--sunk)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
});
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.tagName], color: "var(--pine)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.attributeValue], color: "var(--call)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: [tags.comment], color: "var(--ink-3)", fontStyle: "italic" },
  { tag: [tags.invalid], color: "var(--bad)" },
]);

// The hub's own checks; the very ones that saving makes.
function ask(field) {
  return async (view) => {
    const form = field.form, data = field.dataset;
    const answer = await fetch("/api/v1/text-checks", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": form.elements.namedItem("csrf").value },
      body: JSON.stringify({ kind: data.code, text: view.state.doc.toString(), name: data.name, others: JSON.parse(data.others) }),
    });
    if (!answer.ok) return [];
    const { findings } = await answer.json(), doc = view.state.doc;
    return findings.map((one) => {
      const line = doc.line(Math.min(Math.max(1, one.line), doc.lines)), from = Math.min(line.to, line.from + Math.max(0, one.column - 1));
      return { from, to: Math.max(from, Math.min(line.to, from + 1)), severity: one.kind === "bad" ? "error" : "warning", message: one.words };
    });
  };
}

for (const field of document.querySelectorAll("textarea[data-code]")) {
  const host = document.createElement("div"), root = host.attachShadow({ mode: "open" });
  host.className = "editor";
  field.before(host);
  const locked = field.readOnly;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: field.value,
      extensions: [
        lineNumbers(), foldGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(), typeOver,
        field.dataset.code === "panel" ? xml() : javascript(), syntaxHighlighting(colours), look, EditorView.lineWrapping,
        EditorState.readOnly.of(locked), EditorState.tabSize.of(2),
        EditorView.contentAttributes.of({ "aria-label": field.dataset.label, tabindex: "0" }),
        // Escape, then Tab leaves the field: the keyboard is never caught in it.
        keymap.of([...defaultKeymap, ...historyKeymap, ...foldKeymap, ...lintKeymap, indentWithTab]),
        ...(locked ? [] : [lintGutter(), linter(ask(field), { delay: 400 })]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          field.value = update.state.doc.toString();
          const told = document.getElementById("findings")?.closest("section"); // of the text before: now the gutter says it
          if (told) told.hidden = true;
        }),
      ],
    }),
  });
  if (document.activeElement === field) view.focus(); // somebody began to write before the editor had come
  field.hidden = true;
  field.form.querySelector(`label[for="${field.id}"]`)?.addEventListener("click", () => view.focus());
  if (!locked) forceLinting(view);
  // From a finding in the list below to its line.
  for (const link of document.querySelectorAll("a[data-line]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const line = view.state.doc.line(Math.min(Number(link.dataset.line), view.state.doc.lines));
      view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
      view.focus();
    });
  }
}
