// @ts-check
/**
 * Keeps what V8 made of the program for the next start, as `module.enableCompileCache` of Node 22 does: beside the program,
 * in a file for each version of Node. Where that cannot be written, or with NODE_DISABLE_COMPILE_CACHE=1, every start
 * compiles anew.
 */
'use strict';
const { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { Module, createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

/** The program's last characters, which name its contents: V8 itself compares no more than the length. */
const ID_LENGTH = 64;
/** Before the code: the program's ID, and a digit that counts the runs that have added to it. */
const HEADER_LENGTH = ID_LENGTH + 1;
/** A run uses more than the one before: another kind of image, another option. After so many it has nearly all come by. */
const RUNS_KEPT = 4;
/** By then a run has used what runs use. Whoever ends before keeps at the end; V8 forgets what was not used for long. */
const KEEP_AFTER_MS = 1000;
/** Exit codes of `sysexits.h`: nothing has run. */
const EXIT_USAGE = 64;
const EXIT_CONFIG = 78;
const ASKS_ONLY = new Set(['--help', '-h', '--version', '-v', '--complete']);

/**
 * Runs a CommonJS file of nothing but ASCII.
 *
 * @param {string} file
 */
exports.requireCompiled = (file) => {
  const source = readFileSync(file, 'latin1');
  const id = source.slice(-ID_LENGTH);
  const { version, arch, argv, env } = process;
  const cacheFile = join(dirname(file), '.compiled', `node-${version}-${arch}`);
  const isOff = env.NODE_DISABLE_COMPILE_CACHE === '1';
  const kept = isOff ? undefined : attempt(() => readFileSync(cacheFile));
  const cachedData = kept?.latin1Slice(0, ID_LENGTH) === id ? kept.subarray(HEADER_LENGTH) : undefined;
  const script = new Script(Module.wrap(source), { filename: file, cachedData });
  const runs = script.cachedDataRejected === false ? Number(kept?.latin1Slice(ID_LENGTH, HEADER_LENGTH)) : 0;
  if (!isOff && !(runs >= RUNS_KEPT) && !argv.some((arg) => ASKS_ONLY.has(arg))) {
    const keep = once(() => {
      write(cacheFile, Buffer.concat([Buffer.from(`${id}${(runs || 0) + 1}`, 'latin1'), script.createCachedData()]));
    });
    setTimeout(keep, KEEP_AFTER_MS).unref();
    process.on('exit', (code) => {
      if (code < EXIT_USAGE || code > EXIT_CONFIG) keep();
    });
  }
  const program = { exports: {} };
  script.runInThisContext()(program.exports, createRequire(file), program, file, dirname(file));
};

/** @param {string} file @param {Buffer} bytes */
function write(file, bytes) {
  const whole = `${file}.${process.pid}`;
  const hasWritten = attempt(() => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(whole, bytes);
    renameSync(whole, file);
    return true;
  });
  if (hasWritten !== true) attempt(() => rmSync(whole, { force: true }));
}

/**
 * @template T
 * @param {() => T} action
 * @returns {T | undefined} nothing when it threw
 */
function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** @param {() => void} action @returns {() => void} */
function once(action) {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}
