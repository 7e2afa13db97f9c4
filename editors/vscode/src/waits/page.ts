/** The page that shows who waits for whom. */

/** A task or a thread. */
export type Waiter =
  | { readonly task: string; readonly root: string }
  | { readonly thread: number; readonly name: string };

/** Something that is wrong: a deadlock, and who is part of it. */
export interface Diagnosis {
  readonly kind: string;
  readonly detail: string;
  readonly links: readonly { readonly who: Waiter }[];
}

/** The answer to `crabtrap/waits`. */
export interface WaitsDescription {
  readonly svg: string;
  readonly diagnoses?: readonly Diagnosis[];
}

/** Says in one line what is wrong: `deadlock: task 3 a → task 4 b`. */
export function diagnosisText({ kind, detail, links }: Diagnosis): string {
  const names = links.map(({ who }) =>
    "task" in who ? `task ${who.task} ${who.root}` : `thread ${who.thread} ${who.name}`,
  );
  return `${kind}: ${names.join(" → ")}${detail === "" ? "" : `, ${detail}`}`;
}

/**
 * Makes a page of a drawing; it runs no script and loads nothing.
 *
 * @param note - Shown instead of a drawing where there is none.
 */
export function waitsPage(waits: WaitsDescription | undefined, note: string): string {
  const found = waits?.diagnoses ?? [];
  const list = found.map((each) => `<li>${escape(diagnosisText(each))}</li>`).join("");
  const drawing = waits === undefined ? `<p>${escape(note)}</p>` : `<figure>${waits.svg}</figure>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Waits</title>
<style>
figure { background: #fff; margin: 1em 0; padding: 1em; overflow: auto; border-radius: 4px; }
li { color: var(--vscode-errorForeground); }
</style>
</head>
<body>
${list === "" ? "" : `<ul>${list}</ul>`}
${drawing}
</body>
</html>`;
}

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return text.replaceAll(/[&<>]/g, (each) => names[each] ?? each);
}
