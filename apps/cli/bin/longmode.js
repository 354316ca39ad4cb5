#!/usr/bin/env node
// npm links this file when it installs the workspace, before the build has made the program itself.
import '../dist/longmode.js';
