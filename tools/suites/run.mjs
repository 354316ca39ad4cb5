// Test suites of others against the processor: npm run test:suites [-- SUITE...] [--engine E] [--write]
//
// Sources come as Debian packages them. User programs run natively and in longmode, in each engine, and have to say the same
// and end the same. `--write` puts the results into docs/conformance.md. Needs gcc for 32 and 64 bits, perl and python3.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { writeSection } from '../conformance-page.mjs';
import { checkAssembler } from './assembler.mjs';
import { Missing } from './debian.mjs';
import { LinuxProcess } from './linux-process.mjs';
import { build, reasonToLeaveOut, SUITES } from './programs.mjs';

const ENGINES = ['interpreter', 'jit', 'check'];
const INSTRUCTIONS_MAX = 2e9;
const NATIVE_SECONDS = 60;

/** What a program writes and how it ends, here on the processor. */
function runNatively(file) {
  const { stdout, stderr, status, signal } = spawnSync(file, [], {
    maxBuffer: 1 << 28,
    timeout: NATIVE_SECONDS * 1000,
    argv0: 'program',
  });
  const end = signal === null ? status : `signal ${constants.signals[signal]}`;
  return { text: Buffer.concat([stdout, stderr]), end };
}
function runEmulated(file, engine) {
  const program = new LinuxProcess(readFileSync(file), { engine });
  program.run({ limit: INSTRUCTIONS_MAX });
  const { output, errors } = program;
  return { text: Buffer.concat([...output, ...errors]), end: program.exitCode ?? `signal ${program.endedBy}` };
}

/** @returns {string | undefined} how the two differ */
function difference(native, ours) {
  if (native.end !== ours.end) return `ends with ${ours.end}, natively with ${native.end}`;
  if (native.text.equals(ours.text)) return undefined;
  const [expected, found] = [native, ours].map(({ text }) => text.toString('latin1').split('\n'));
  const line = expected.findIndex((text, i) => text !== found[i]);
  return `line ${line + 1}: "${found[line]}", natively "${expected[line]}"`;
}

function runInWorker() {
  parentPort.on('message', ({ program, file, engines }) => {
    const native = runNatively(file);
    const results = engines.map((engine) => {
      try {
        return [engine, difference(native, runEmulated(file, engine))];
      } catch (error) {
        return [engine, `${error}`];
      }
    });
    parentPort.postMessage({ program, results: Object.fromEntries(results), sizeBytes: native.text.length });
  });
}

/** Runs programs on all processors of this computer. */
async function runAll(programs, engines) {
  const queue = programs.flatMap((program) => {
    if (reasonToLeaveOut(program.name) !== undefined) return [];
    const file = build(program);
    if (file === undefined) return [];
    return [{ program, file, engines }];
  });
  const done = [];
  const work = async () => {
    const worker = new Worker(fileURLToPath(import.meta.url));
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      worker.postMessage(task);
      const [result] = await once(worker, 'message');
      done.push(result);
      for (const [engine, found] of Object.entries(result.results)) {
        if (found !== undefined) console.log(`${result.program.suite}, ${result.program.name}, ${engine}: ${found}`);
      }
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return done;
}

const number = (value) => value.toLocaleString('en');

function sectionOf(programs, done, engines, assembler) {
  const suites = [...new Set(programs.map(({ suite }) => suite))];
  const rows = suites.map((suite) => {
    const ran = done.filter(({ program }) => program.suite === suite);
    const passed = (engine) => ran.filter(({ results }) => results[engine] === undefined).length;
    const bytes = ran.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return `| ${suite} | ${ran.length} | ${engines.map((engine) => passed(engine)).join(' | ')} | ${number(bytes)} |`;
  });
  const reasons = new Map();
  for (const { name } of programs) {
    const reason = reasonToLeaveOut(name);
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? new Set()).add(name));
  }
  const ranNames = new Set(done.map(({ program }) => `${program.suite} ${program.name}`));
  const unbuilt = programs.filter(
    ({ suite, name }) => reasonToLeaveOut(name) === undefined && !ranNames.has(`${suite} ${name}`),
  );
  const failures = done.flatMap(({ program, results }) =>
    Object.entries(results)
      .filter(([, found]) => found !== undefined)
      .map(
        ([engine, found]) =>
          `| ${program.suite}, ${program.name} | ${engine} | ${found.replaceAll('|', '\\|').slice(0, 160)} |`,
      ),
  );
  return `## Public suites

Sources as Debian packages them, built on the computer at hand. Each program runs natively and in longmode, at CPL 3 under the few
system calls of \`tools/suites/linux-process.mjs\`; what it writes and how it ends has to be the same.

| suite | programs | ${engines.map((engine) => `same in \`${engine}\``).join(' | ')} | bytes compared |
|---|---|${engines.map(() => '---|').join('')}---|
${rows.join('\n')}

${failures.length === 0 ? 'None differ.' : `| differs | engine | how |\n|---|---|---|\n${failures.join('\n')}`}

Left out:

| | |
|---|---|
${[...reasons].map(([reason, names]) => `| ${reason} | ${[...names].join(', ')} |`).join('\n')}
| not taken by the compiler | ${unbuilt.length === 0 ? 'none' : [...new Set(unbuilt.map(({ name }) => name))].join(', ')} |

${assembler}
`;
}

async function main() {
  const args = process.argv.slice(2);
  const engineAt = args.indexOf('--engine');
  const engines = engineAt < 0 ? ENGINES : args.splice(engineAt, 2).slice(1);
  const isWriting = args.includes('--write');
  const wanted = args.filter((arg) => !arg.startsWith('--'));
  const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
  const programs = Object.entries(SUITES).flatMap(([name, list]) => (isWanted(name) ? list() : []));
  const done = await runAll(programs, engines);
  const failed = done.flatMap(({ results }) => Object.values(results)).filter((found) => found !== undefined).length;
  const assembler = isWanted('binutils') ? checkAssembler() : { failed: 0, passed: 0, text: '' };
  if (isWriting && wanted.length === 0) writeSection('suites', sectionOf(programs, done, engines, assembler.text));
  const passed = done.length * engines.length - failed;
  console.log(`\n${passed + assembler.passed} passed, ${failed + assembler.failed} failed`);
  process.exitCode = failed + assembler.failed === 0 ? 0 : 1;
}

if (!isMainThread) runInWorker();
else {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.log(`skipped: ${error.message}`);
  }
}
