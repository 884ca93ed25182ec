import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** The file it leads to, relative to the root, or null for a package. */
  readonly target: string | null;
  /** `@scope/name` or `name` of a package, `node:…` of Node's own; null for a file. */
  readonly pack: string | null;
  /** Erased before it runs: `import type`, or every name marked `type`. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

const subpaths = Object.entries(
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { imports: Record<string, string> })
    .imports,
).map(([from, to]) => ({ from: from.slice(0, -1), to: to.slice(2, -1) }));

/** Every TypeScript file below the folders, parsed for its imports. */
export function sourcesOf(...folders: string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((path) => !path.includes('node_modules/') && !path.includes('/dist/'))
      .sort()
      .map(readSource),
  );
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, lines: text.split('\n').length, imports: importsOf(path, text) };
}

function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean) => found.push(resolve(path, specifier, typeOnly));
  const statement = /^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s+from\s+)?'([^']+)'/gm;
  for (const [, type, names = '', specifier = ''] of text.matchAll(statement)) {
    const inBraces = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
    const allTypes =
      inBraces?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false;
    add(specifier, type !== undefined || (names !== '' && allTypes));
  }
  for (const [, specifier = ''] of text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) add(specifier, false);
  return found;
}

function resolve(path: string, specifier: string, typeOnly: boolean): Import {
  if (specifier.startsWith('.')) {
    const target = join(dirname(path), specifier).split(sep).join('/');
    return { specifier, target, pack: null, typeOnly };
  }
  const subpath = subpaths.find(({ from }) => specifier.startsWith(from));
  if (subpath) {
    return { specifier, target: subpath.to + specifier.slice(subpath.from.length), pack: null, typeOnly };
  }
  const parts = specifier.split('/');
  const pack = specifier.startsWith('node:')
    ? specifier
    : parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  return { specifier, target: null, pack, typeOnly };
}

/** Every cycle among the files' imports that run, each once, as the paths along it. */
export function cyclesOf(sources: readonly Source[]): string[][] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const cycles: string[][] = [];
  const visit = (path: string) => {
    state.set(path, 'open');
    trail.push(path);
    for (const { target, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (typeOnly || target === null || !byPath.has(target)) continue;
      if (state.get(target) === 'open') cycles.push([...trail.slice(trail.indexOf(target)), target]);
      else if (!state.has(target)) visit(target);
    }
    trail.pop();
    state.set(path, 'done');
  };
  for (const { path } of sources) if (!state.has(path)) visit(path);
  return cycles;
}
