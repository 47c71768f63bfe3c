/** Comments for documentation, made of text. */

/** Longest line (characters). */
const WIDTH = 120;

/** The text as a comment that stands before what it describes, or nothing. What would end the comment does not. */
export function docComment(text: string, indent: string): string {
  const lines = text
    .trim()
    .replaceAll("*/", "*\u200b/")
    .split("\n")
    .flatMap((line) => wrapped(line.trimEnd(), WIDTH - indent.length - 3));
  if (lines.length === 1 && lines[0] === "") return "";
  const [only] = lines;
  if (lines.length === 1 && only!.length <= WIDTH - indent.length - 7) return `${indent}/** ${only} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}\n`).join("")}${indent} */\n`;
}

/** Lines of some width at most, where words allow; further ones begin as the first does. */
function wrapped(line: string, width: number): string[] {
  const lead = /^\s*/.exec(line)![0];
  const lines: string[] = [];
  let current = lead;
  for (const word of line.trim().split(/\s+/)) {
    const longer = current.trim() === "" ? current + word : `${current} ${word}`;
    if (longer.length > width && current.trim() !== "") {
      lines.push(current);
      current = lead + word;
    } else current = longer;
  }
  return [...lines, current.trimEnd()];
}
