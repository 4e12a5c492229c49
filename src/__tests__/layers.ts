import ts from 'typescript';

/**
 * The rooms of `src/`, lowest first. A file imports only from its own room and from lower
 * rooms. The files at the top level of `src/` count as rooms of their own.
 */
export const ROOMS: readonly string[] = [
  'tokens',
  'state',
  'shortcuts',
  'naming',
  'text',
  'components',
  'providers',
  'commands',
  'launcher',
  'picker',
  'unavailable',
  'kernelnames',
  'running',
  'settings',
  'alerts',
  'editing',
  'index'
];

/** Rooms that can be removed without changing other rooms, so they do not import each other. */
export const FEATURES: ReadonlySet<string> = new Set([
  'commands',
  'launcher',
  'picker',
  'unavailable',
  'kernelnames',
  'running',
  'settings',
  'alerts',
  'editing'
]);

/** The exceptions: a feature that imports another one, and why. */
export const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  [
    'unavailable -> picker',
    'Only our kernel picker reports that the user selected "No Kernel".'
  ]
]);

/** The local imports of each file, by path without extension, such as `text/messages`. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** Return the paths of the local imports in the text of a file. */
export function importsIn(file: string, text: string): string[] {
  return ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) => fileName)
    .filter(path => path.startsWith('.'))
    .map(path => resolved(file, path));
}

/** Return what is wrong with the imports, one line each; empty if nothing is. */
export function violations(imports: Imports): string[] {
  const all = [...imports].flatMap(([file, targets]) =>
    targets.map(target => [file, target] as const)
  );
  return [
    ...unlisted(imports),
    ...all.flatMap(([file, target]) => violationOf(file, target)),
    ...cycles(imports)
  ];
}

function unlisted(imports: Imports): string[] {
  const rooms = new Set([...imports.keys()].map(roomOf));
  return [
    ...[...rooms]
      .filter(room => !ROOMS.includes(room))
      .map(room => `${room} is not listed`),
    ...ROOMS.filter(room => !rooms.has(room)).map(room => `${room} is missing`)
  ];
}

function violationOf(file: string, target: string): string[] {
  const [room, other] = [roomOf(file), roomOf(target)];
  if (room === other) {
    return target === `${room}/index` ? [`${file} imports its own index`] : [];
  }
  if (ROOMS.indexOf(other) > ROOMS.indexOf(room)) {
    return [`${file} imports upward from ${other}`];
  }
  if (
    FEATURES.has(room) &&
    FEATURES.has(other) &&
    !EXCEPTIONS.has(`${room} -> ${other}`)
  ) {
    return [`${file} imports from the feature ${other}`];
  }
  return target.includes('/') && target !== `${other}/index`
    ? [`${file} imports ${target} and not the index of ${other}`]
    : [];
}

/** Find cycles between files; each is reported once. */
function cycles(imports: Imports): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start !== -1) {
      found.push(`cycle: ${[...path.slice(start), file].join(' -> ')}`);
    } else if (!done.has(file)) {
      imports.get(file)?.forEach(target => {
        visit(target, [...path, file]);
      });
      done.add(file);
    }
  };
  [...imports.keys()].forEach(file => {
    visit(file, []);
  });
  return found;
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? file;
}

/** Resolve a relative import; a room stands for its index. */
function resolved(file: string, path: string): string {
  const parts = file.split('/').slice(0, -1);
  for (const part of path.split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '.') {
      parts.push(part);
    }
  }
  const target = parts.join('/');
  const isTopLevel = ['tokens', 'state', 'shortcuts', 'index'].includes(target);
  return target.includes('/') || isTopLevel ? target : `${target}/index`;
}
