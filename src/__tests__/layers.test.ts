import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { EXCEPTIONS, FEATURES, importsIn, ROOMS, violations } from './layers';

const FILES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map(path => path.replace(/\\/g, '/'))
  .filter(path => /\.tsx?$/.test(path) && !path.includes('__tests__/'));

/** Every room with one file, and some more imports. */
function small(
  more: Record<string, string[]> = {}
): ReadonlyMap<string, readonly string[]> {
  const rooms = ROOMS.map((room): [string, string[]] => [room, []]);
  return new Map([...rooms, ...Object.entries(more)]);
}

describe('src/', () => {
  const imports = new Map(
    FILES.map(path => {
      const file = path.replace(/\.tsx?$/, '');
      return [file, importsIn(file, readFileSync(`src/${path}`, 'utf8'))];
    })
  );

  it('imports downward only, by the index of a room, and without cycles', () => {
    expect(violations(imports)).toEqual([]);
  });

  it('has files that exist for all imports', () => {
    const targets = [...imports.values()].flat();
    expect(targets.filter(target => !imports.has(target))).toEqual([]);
    expect(targets.length).toBeGreaterThan(150);
  });

  it.each(FILES.filter(path => /^\w+\/index\.ts$/.test(path)))(
    'has only exports in %s',
    path => {
      const code = readFileSync(`src/${path}`, 'utf8')
        .replace(/^\/\/.*$/gm, '')
        .replace(/^export (type )?\{[^}]*\} from '[^']*';$/gm, '');
      expect(code.trim()).toBe('');
    }
  );

  it('uses all exceptions', () => {
    const used = [...imports].flatMap(([file, targets]) =>
      targets.map(
        target => `${file.split('/')[0] ?? ''} -> ${target.split('/')[0] ?? ''}`
      )
    );
    expect([...EXCEPTIONS.keys()].filter(it => !used.includes(it))).toEqual([]);
  });

  it('lists features as rooms', () => {
    expect([...FEATURES].filter(room => !ROOMS.includes(room))).toEqual([]);
  });
});

describe('violations', () => {
  it('accepts imports from the same room and from the index of a lower one', () => {
    const imports = small({
      'text/a': ['text/b', 'naming/index', 'tokens'],
      'unavailable/plugin': ['picker/index']
    });
    expect(violations(imports)).toEqual([]);
  });

  it.each([
    ['text/a', 'providers/index', 'text/a imports upward from providers'],
    ['tokens', 'state', 'tokens imports upward from state'],
    ['alerts/a', 'picker/index', 'alerts/a imports from the feature picker'],
    [
      'alerts/a',
      'text/messages',
      'alerts/a imports text/messages and not the index of text'
    ],
    ['text/a', 'text/index', 'text/a imports its own index']
  ])('rejects %s that imports %s', (file, target, expected) => {
    expect(violations(small({ [file]: [target] }))).toEqual([expected]);
  });

  it('rejects a cycle between files', () => {
    const imports = small({
      'text/a': ['text/b'],
      'text/b': ['text/c'],
      'text/c': ['text/a']
    });
    expect(violations(imports)).toEqual([
      'cycle: text/a -> text/b -> text/c -> text/a'
    ]);
  });

  it('rejects a room that is not listed, and a listed one that is missing', () => {
    const imports = new Map(small({ 'attic/a': [] }));
    imports.delete('alerts');
    expect(violations(imports)).toEqual([
      'attic is not listed',
      'alerts is missing'
    ]);
  });
});

describe('importsIn', () => {
  it('finds imports, types, exports and dynamic imports of local files', () => {
    const text = [
      "import { a } from './a';",
      'import type {',
      '  B,',
      '  C',
      "} from '../naming';",
      "export { d } from '../tokens';",
      "import '../state';",
      "import * as React from 'react';",
      "const e = await import('./e');"
    ].join('\n');
    expect(importsIn('text/x', text)).toEqual([
      'text/a',
      'naming/index',
      'tokens',
      'state',
      'text/e'
    ]);
  });
});
