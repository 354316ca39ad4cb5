#!/usr/bin/env node
// npm links this file when it installs the workspace, before the build has made the program itself.
import module from 'node:module';

// Node 22 and newer keep what they compiled for the next start.
module.enableCompileCache?.();
await import('../dist/longmode.js');
