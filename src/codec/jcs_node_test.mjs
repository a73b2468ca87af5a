// Compares jcs_lines_test with node: JSON.stringify writes numbers and strings as RFC 8785 demands, and sort() orders
// by UTF-16 code units. Seeded: every run makes the same documents.
import { spawnSync } from 'node:child_process';

let seed = 88172645463325252n;
function random(n) {
  seed ^= (seed << 13n) & 0xffffffffffffffffn;
  seed ^= seed >> 7n;
  seed ^= (seed << 17n) & 0xffffffffffffffffn;
  return Number(seed % BigInt(n));
}

function number() {
  const view = new DataView(new ArrayBuffer(8));
  switch (random(4)) {
    case 0: return random(1000000) - 500000;
    case 1: return (random(2 ** 40) - 2 ** 39) / 10 ** random(12);
    case 2: return Number(`${random(2 ** 52)}e${random(50) - 25}`);
    default:
      view.setBigUint64(0, seed);
      return Number.isFinite(view.getFloat64(0)) ? view.getFloat64(0) : random(9);
  }
}

function string() {
  const ranges = [[0, 0x80], [0x20, 0x5f], [0x80, 0x780], [0x800, 0xcfff], [0xe000, 0x1dcf], [0x10000, 0xfffd]];
  let s = '';
  for (let n = random(6); n > 0; n--) {
    const [from, count] = ranges[random(ranges.length)];
    s += String.fromCodePoint(from + random(count));
  }
  return s;
}

function value(depth) {
  switch (random(depth > 4 ? 4 : 7)) {
    case 0: return number();
    case 1: return string();
    case 2: return [true, false, null][random(3)];
    case 3: return number();
    case 4: return Array.from({ length: random(5) }, () => value(depth + 1));
    default: return Object.fromEntries(Array.from({ length: random(8) }, () => [string(), value(depth + 1)]));
  }
}

function canonical(v) {
  if (Array.isArray(v)) return `[${v.map(canonical).join(',')}]`;
  if (v === null || typeof v !== 'object') return JSON.stringify(v);
  return `{${Object.keys(v).sort().map((k) => `${JSON.stringify(k)}:${canonical(v[k])}`).join(',')}}`;
}

const documents = Array.from({ length: 20000 }, () => value(0));
const input = documents.map((d) => JSON.stringify(d) + '\n').join('');
const run = spawnSync(process.argv[2], { input, maxBuffer: 1 << 28 });
const lines = run.stdout.toString().split('\n');
let wrong = run.status !== 0 || lines.length !== documents.length + 1;
for (let i = 0; i < documents.length && !wrong; i++) {
  const want = canonical(documents[i]);
  if (lines[i] === want) continue;
  console.error(`document ${i}\nnode ${want}\nours ${lines[i]}`);
  wrong = true;
}
console.log(`${documents.length} documents, ${wrong ? 'they differ' : 'all equal'}`);
process.exit(wrong ? 1 : 0);
