import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** The top of the project. */
export const projectFolder = resolve(import.meta.dirname, '../..');

/** A file for people. */
export interface Document {
  /** From the top of the project. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of a document. */
export interface CodeBlock {
  /** `path:line` of its first line. */
  readonly place: string;
  readonly language: string;
  readonly text: string;
  /** `<!-- … -->` before it: `needs …`, what a machine with Node has not, or `keeps running`; empty: none of these. */
  readonly marker: string;
  /** The `json` block that follows it directly, which shows an answer; undefined: none. */
  readonly answer: string | undefined;
}

/** The README, and what is in `docs/`. */
export function readDocuments(): readonly Document[] {
  return ['README.md', ...globSync('docs/*.md', { cwd: projectFolder })]
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(projectFolder, path), 'utf8') }));
}

/** The fenced blocks of a document, in their order. */
export function readCodeBlocks({ path, text }: Document): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  for (const match of text.matchAll(
    /(?:<!-- ([^>]*?) -->\n\n?)?^```(\w*)\n(.*?)^```$(?:(?=\n\n```json\n(.*?)^```$)|)/gms,
  )) {
    const [whole, marker = '', language = '', content = '', answer] = match;
    const before = text.slice(0, match.index + whole.length - content.length - 3);
    blocks.push({ place: `${path}:${before.split('\n').length}`, language, text: content, marker, answer });
  }
  return blocks;
}

/** The targets of a document's relative links: the file from the top of the project, and the anchor, if there is one. */
export function readLinks({ path, text }: Document): readonly { readonly file: string; readonly anchor: string }[] {
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor = ''] = target.split('#');
      const found = file === '' ? path : relative(projectFolder, resolve(projectFolder, dirname(path), file));
      return { file: found, anchor };
    });
}

/** The anchors of a document's headings, as GitHub makes them. */
export function readAnchors({ text }: Document): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}
