// @ts-check
// Sets up, then boots the disk image of `hello` through the BIOS and its own bootloader. Exit code 0 when it ends well.
import process from 'node:process';
import { runNode } from './commands.mjs';
import { setUp } from './setup.mjs';

// The guest leaves with 0x10 through port F4h, which a PC reports as (0x10 << 1) | 1.
const HELLO = ['run', 'kernels/images/hello-bios.img', '--screen', '--success-code', '33'];

process.exitCode = setUp() ? runNode('apps/cli/bin/longmode.js', [...HELLO, ...process.argv.slice(2)]) : 1;
