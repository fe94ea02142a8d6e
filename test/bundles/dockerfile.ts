/** One instruction of a Dockerfile. https://docs.docker.com/reference/dockerfile/ */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** A stage by its name: what it begins with, and its instructions. */
export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** Reads the stages of a Dockerfile, in order; what comes before the first of them is left out. */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const [, from, stage] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
    if (name === 'FROM' && from !== undefined && stage !== undefined)
      stages.push({ name: stage, from, instructions: [] });
    else if (name !== '') stages.at(-1)?.instructions.push({ name, rest });
  }
  return stages;
}

/** A stage's instructions after those of the stages that it begins with. */
export function instructionsOf(stages: readonly Stage[], name: string): readonly Instruction[] {
  const stage = stages.find((each) => each.name === name);
  return stage === undefined ? [] : [...instructionsOf(stages, stage.from), ...stage.instructions];
}

/** The last instruction of a name, as that is the one that counts; its JSON as a list. */
export function listOf(instructions: readonly Instruction[], name: string): readonly string[] {
  const last = instructions.findLast((each) => each.name === name);
  // The exec form: https://docs.docker.com/reference/dockerfile/#exec-form
  return last === undefined ? [] : (JSON.parse(last.rest) as string[]);
}

/**
 * Which paths, relative to the context, a `.dockerignore` lets through. It takes whole paths, `**` before a pattern with `*`, and `!`.
 * https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function createContextFilter(dockerignore: string): (path: string) => boolean {
  const rules = dockerignore
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const taken = line.startsWith('!');
      const pattern = taken ? line.slice(1) : line;
      const escaped = pattern
        .replaceAll(/[.+^${}()|[\]\\?]/g, '\\$&')
        .replaceAll('**/', '\0')
        .replaceAll('*', '[^/]*')
        .replaceAll('\0', '(.*/)?');
      return { taken, expression: new RegExp(`^${escaped}(/|$)`) };
    });
  return (path) => rules.findLast(({ expression }) => expression.test(path))?.taken ?? true;
}
