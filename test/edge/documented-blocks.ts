/** A block of shell commands in a document. */
export interface DocumentedBlock {
  /** Line of the document where the commands begin, from 1. */
  readonly line: number;
  readonly commands: string;
  /** `<!-- … -->` right before the block. */
  readonly marker: string;
  /** The answer that the document shows, as JSON; absent: none is shown. */
  readonly answer: unknown;
}

/**
 * Reads the `bash` blocks of a Markdown document, each with the `json` block that follows it directly.
 *
 * @throws Error when a shown answer is no JSON
 */
export function readDocumentedBlocks(markdown: string): DocumentedBlock[] {
  const pattern =
    /(?:^<!-- (?<marker>[^\n]*) -->\n\n?)?^```bash\n(?<commands>.*?)^```\n(?:\n```json\n(?<answer>.*?)^```\n)?/gms;
  return [...markdown.matchAll(pattern)].map((match) => {
    const { marker = '', commands = '', answer } = match.groups ?? {};
    const before = markdown.slice(0, match.index + match[0].indexOf('```bash'));
    return {
      line: before.split('\n').length + 1,
      commands,
      marker,
      answer: answer === undefined ? undefined : (JSON.parse(answer) as unknown),
    };
  });
}
