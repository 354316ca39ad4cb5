// @ts-check
// How fast guests run in a browser: a plain page with a Worker, in headless Chromium, without any library. See README.md.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { imagePath, resultLine, WORKLOADS } from './guests.mjs';
import { describeHost, hasProgram, hostFacts, markdownTable, showProgress } from './host.mjs';

const { values } = parseArgs({
  options: {
    workload: { type: 'string', multiple: true, default: WORKLOADS },
    runs: { type: 'string', default: '3' },
    browser: { type: 'string', default: 'chromium' },
  },
});
const LIMIT_MS = 600_000;
// A machine without graphics, in a container; nothing is fetched but from this process.
const BROWSER_ARGUMENTS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];

if (!hasProgram(values.browser)) {
  console.error(`no ${values.browser} here: install it (Debian: chromium), or name another with --browser`);
  process.exit(2);
}

/** @returns {Promise<string>} the worker with all it imports, as one script */
async function bundleWorker() {
  const bundle = await rolldown({
    input: fileURLToPath(new URL('browser-worker.mjs', import.meta.url)),
    platform: 'browser',
    logLevel: 'warn',
    resolve: { conditionNames: ['import', 'default'] },
  });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  return output[0].code;
}

const jobs = values.workload.flatMap((name) =>
  ['jit', 'interpreter'].map((engine) => ({
    name,
    engine,
    url: `/images/${name}`,
    line: resultLine(name),
    runs: Number(values.runs),
  })),
);
const page = `<!doctype html><title>longmode</title><script type="module">
const worker = new Worker('/worker.js', { type: 'module' });
worker.onmessage = ({ data }) => fetch('/sample', { method: 'POST', body: JSON.stringify({ ...data, agent: navigator.userAgent }) });
worker.postMessage(${JSON.stringify(jobs)});
</script>`;
const worker = await bundleWorker();

/** @type {Map<string, { wallMs: number, instructions: number }[]>} */
const found = new Map();
let agent = '';
/** @type {(error?: Error) => void} */
let finish = () => {};
const finished = new Promise((resolve, reject) => {
  finish = (error) => (error ? reject(error) : resolve(undefined));
});

const server = createServer((request, response) => {
  const url = request.url ?? '/';
  const answer = (/** @type {string} */ type, /** @type {string | Buffer} */ body) =>
    response.writeHead(200, { 'content-type': type }).end(body);
  if (url === '/') return answer('text/html', page);
  if (url === '/worker.js') return answer('text/javascript', worker);
  if (url.startsWith('/images/') && WORKLOADS.includes(url.slice(8)))
    return answer('application/octet-stream', readFileSync(imagePath(`bench-${url.slice(8)}-mb1.elf`)));
  if (url !== '/sample') return response.writeHead(404).end();
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  return request.on('end', () => {
    const sample = JSON.parse(body);
    agent = sample.agent;
    if (sample.error !== undefined) finish(new Error(`${sample.name}, ${sample.engine}: ${sample.error}`));
    if (sample.isOver) finish();
    else found.set(`${sample.name} ${sample.engine}`, sample.samples);
    showProgress(`${found.size} of ${jobs.length}`);
    answer('text/plain', '');
  });
});

const facts = hostFacts();
const profile = mkdtempSync(join(tmpdir(), 'longmode-browser-'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const address = /** @type {import('node:net').AddressInfo} */ (server.address());
const browser = spawn(
  values.browser,
  [...BROWSER_ARGUMENTS, `--user-data-dir=${profile}`, `http://127.0.0.1:${address.port}/`],
  { stdio: 'ignore' },
);
browser.on('exit', () => finish(new Error(`${values.browser} ended before the guests did`)));
const limit = setTimeout(() => finish(new Error('time is up')), LIMIT_MS);
try {
  await finished;
} finally {
  clearTimeout(limit);
  showProgress('');
  browser.removeAllListeners('exit');
  await new Promise((resolve) => {
    browser.on('exit', resolve);
    browser.kill();
  });
  server.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}

console.log(`${describeHost(facts)}; ${/Chrome\/[\d.]+/.exec(agent)?.[0] ?? agent}\n`);
const rows = [['workload', 'engine', 'M instr', 'first ms', 'first MIPS', 'best ms', 'best MIPS']];
for (const { name, engine } of jobs) {
  const samples = found.get(`${name} ${engine}`) ?? [];
  const [first] = samples;
  if (first === undefined) continue;
  const best = Math.min(...samples.map(({ wallMs }) => wallMs));
  const mips = (/** @type {number} */ ms) => (first.instructions / ms / 1000).toFixed(0);
  rows.push([
    ...[name, engine, (first.instructions / 1e6).toFixed(0)],
    ...[first.wallMs.toFixed(0), mips(first.wallMs), best.toFixed(0), mips(best)],
  ]);
}
console.log(markdownTable(rows, 2));
