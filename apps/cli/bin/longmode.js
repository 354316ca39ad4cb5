#!/usr/bin/env node
// npm links this file when it installs the workspace, before the build has made the program itself.
'use strict';
const module_ = require('node:module');
const { join } = require('node:path');
const { requireCompiled } = require('./compile-cache.js');

const PROGRAM = join(__dirname, '../dist/longmode.cjs');

if (module_.enableCompileCache === undefined) {
  requireCompiled(PROGRAM);
} else {
  module_.enableCompileCache();
  require(PROGRAM);
}
