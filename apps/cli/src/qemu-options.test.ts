import { describe, expect, it } from 'vitest';
import { CliError } from './exit-code.ts';
import { normalizeArguments } from './qemu-options.ts';

const words = (line: string): string[] => (line === '' ? [] : line.split(' '));

describe('arguments', () => {
  it.each([
    ['', ''],
    ['run x.elf', 'run x.elf'],
    ['x.elf --memory 64M', 'run --memory=64M x.elf'],
    ['--memory=64M x.elf', 'run --memory=64M x.elf'],
    ['run --screen x.elf', 'run --screen x.elf'],
    ['run - --screen', 'run --screen -'],
    ['run -- -x.img', 'run ./-x.img'],
    ['-h', '--help'],
    ['--no-reboot x', 'run --no-reboot x'],
    ['--bogus x', 'run --bogus x'],
    ['-bogus x', 'run --bogus x'],
    ['-kernel x.elf', 'run --kernel=x.elf'],
    ['-kernel=x.elf', 'run --kernel=x.elf'],
    ['-drive file=x.img,format=raw', 'run --hda=x.img'],
    ['-drive format=raw,file=x.img', 'run --hda=x.img'],
    ['-drive file=a.img -drive file=b.img', 'run --hda=a.img --hdb=b.img'],
    ['-drive file=a,,b.img,format=raw', 'run --hda=a,b.img'],
    ['-drive file=x.img,if=floppy', 'run --fda=x.img'],
    ['-drive file=x.img,if=ide,index=0,media=disk', 'run --hda=x.img'],
    ['-drive file=x.img,snapshot=on', 'run --hda=x.img --discard=hda'],
    ['-drive file=x.img,readonly=on,snapshot=off', 'run --hda=x.img --read-only=hda'],
    [
      '-hda x -drive file=y,if=floppy,read-only -drive file=z,readonly=yes',
      'run --hda=x --fda=y --hdb=z --read-only=fda,hdb',
    ],
    ['-drive file=x.iso,media=cdrom,readonly=on', 'run --cdrom=x.iso'],
    ['-snapshot -hda x', 'run --hda=x --discard=all'],
    ['-drive file=x.iso,media=cdrom', 'run --cdrom=x.iso'],
    ['-hdc x -drive file=y -hdd z', 'run --hdc=x --hda=y --hdd=z'],
    ['-hda x -hdb y -fda z -cdrom c', 'run --hda=x --hdb=y --fda=z --cdrom=c'],
    ['-bios x y', 'run --bios=x y'],
    ['-m 512M', 'run --memory=512M'],
    ['-m 512', 'run --memory=512'],
    ['-m size=1G,slots=2', 'run --memory=1G'],
    ['-serial stdio', 'run --serial=stdio'],
    ['-serial mon:stdio', 'run --serial=stdio'],
    ['-serial null', 'run --serial=none'],
    ['-serial file:out.txt', 'run --serial=file:out.txt'],
    ['-serial stdio -serial none', 'run --serial=stdio'],
    ['-display none', 'run --display=none'],
    ['-display curses', 'run --display=terminal'],
    ['-curses', 'run --display=terminal'],
    ['--display none', 'run --display=none'],
    ['-nographic', 'run --display=none --serial=stdio'],
    ['-serial file:o -nographic', 'run --serial=file:o --display=none'],
    ['-device isa-debug-exit,iobase=0xf4,iosize=0x04', 'run --debug-exit=0xf4'],
    ['-device isa-debug-exit', 'run --debug-exit=0x501'],
    ['-no-reboot', 'run --no-reboot'],
    ['-boot c', 'run --boot=hard-disk'],
    ['-boot order=dc,menu=off', 'run --boot=cd-rom'],
    ['-boot a', 'run --boot=floppy'],
    ['--boot floppy', 'run --boot=floppy'],
    ['--boot cd-rom', 'run --boot=cd-rom'],
    ['-initrd a,b', 'run --initrd=a,b'],
    ['-no-shutdown -monitor none', ''],
    ['completion bash', 'completion bash'],
    ['--version', '--version'],
    ['x --help', 'run --help x'],
  ])('%s → %s', (line, expected) => {
    expect(normalizeArguments(words(line))).toEqual({ args: words(expected), notes: [] });
  });

  it('keep spaces, and values that begin with a dash', () => {
    expect(normalizeArguments(['-append', '-v a=b', '-initrd', 'm.txt some args,n']).args).toEqual([
      'run',
      '--append=-v a=b',
      '--initrd=m.txt some args,n',
    ]);
  });

  it('put what is to be typed into one script, in turn', () => {
    const { args } = normalizeArguments(['--keys', 'a b', '--type', 'say "x"\\n', '--keys=ret', 'image']);
    expect(args).toEqual(['run', '--keys=a b type:"say \\"x\\"\\n" ret', 'image']);
    expect(() => normalizeArguments(['--type', 'a\\x'])).toThrow(CliError);
  });

  it('knows some processors by name', () => {
    expect(normalizeArguments(words('-cpu pentium image')).args).toEqual(['run', '--cpu=pentium', 'image']);
    expect(normalizeArguments(words('--cpu x86-64-v2 image')).args).toEqual(['run', '--cpu=x86-64-v2', 'image']);
  });

  it.each([
    ['-enable-kvm', /-enable-kvm has no effect/],
    ['-cpu host', /-cpu host has no effect: .*x86-64-v2/],
    ['-smp 4', /-smp has no effect/],
    ['-d int -machine q35', /-d has no effect/],
    ['-s', /gdb/],
    ['-display gtk', /in the terminal/],
  ])('%s is left out with a note', (line, note) => {
    const { args, notes } = normalizeArguments(words(line));
    expect(args.filter((arg) => arg !== 'run' && !arg.startsWith('--display'))).toEqual([]);
    expect(notes.join('\n')).toMatch(note);
  });

  it.each([
    ['-m', /-m: a value must follow/],
    ['-drive format=raw', /file=PATH/],
    ['-drive file=x.qcow2,format=qcow2', /qemu-img convert -O raw x\.qcow2/],
    ['-drive file=x,readonly=maybe', /readonly=maybe: expected on or off/],
    ['-drive file=x,if=virtio', /if=virtio is not emulated/],
    ['-drive file=a -drive file=b -drive file=c -drive file=d -drive file=e', /too many drives/],
    ['-device e1000', /e1000 is not emulated/],
    ['-serial stdio -serial stdio', /one serial port/],
    ['-S', /gdb/],
    ['-pflash x', /does not exist/],
  ])('%s is refused', (line, message) => {
    expect(() => normalizeArguments(words(line))).toThrow(CliError);
    expect(() => normalizeArguments(words(line))).toThrow(message);
  });
});
