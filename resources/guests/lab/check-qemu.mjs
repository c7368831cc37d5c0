#!/usr/bin/env node
/*
 * Boots the three Lab kernels in QEMU's Malta and drives the shell through
 * every command. Needs qemu-system-mipsel and qemu-system-mips.
 *   node check-qemu.mjs [kernel name ...]
 */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const prompt = /lab\$ $/
let failures = 0

class Machine {
  constructor(kernel, append = '') {
    const qemu = kernel.endsWith('-eb') ? 'qemu-system-mips' : 'qemu-system-mipsel'
    this.text = ''
    this.seen = 0
    this.ended = false
    this.wakers = []
    this.child = spawn(qemu, [
      ...['-M', 'malta', '-cpu', '24Kf', '-m', '128', '-net', 'none', '-vga', 'none'],
      ...['-display', 'none', '-monitor', 'none', '-serial', 'stdio'],
      ...['-kernel', join(here, `${kernel}.elf`), '-append', append],
    ])
    const wake = () => this.wakers.splice(0).forEach((w) => w())
    this.child.stdout.on('data', (d) => ((this.text += d.toString('latin1')), wake()))
    this.child.stderr.on('data', (d) => ((this.text += d.toString('latin1')), wake()))
    this.child.on('error', (e) => ((this.text += `cannot start ${qemu}: ${e.message}`), (this.ended = true), wake()))
    this.child.on('exit', () => ((this.ended = true), wake()))
  }

  /** Waits until what came after the last match matches; returns it. */
  async expect(pattern, seconds = 60) {
    const limit = Date.now() + seconds * 1000
    for (;;) {
      const fresh = this.text.slice(this.seen)
      const match = pattern.exec(fresh)
      if (match) {
        this.seen += match.index + match[0].length
        return fresh.slice(0, match.index + match[0].length)
      }
      if (this.ended || Date.now() > limit) throw new Error(`no ${pattern} in ${JSON.stringify(fresh.slice(-600))}`)
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 200)
        this.wakers.push(() => (clearTimeout(timer), resolve()))
      })
    }
  }

  /** Types in portions the UART's 16-byte FIFO takes. */
  async type(keys) {
    for (let i = 0; i < keys.length; i += 8) {
      this.child.stdin.write(keys.slice(i, i + 8))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  async command(line, seconds) {
    await this.type(`${line}\r`)
    return this.expect(prompt, seconds)
  }

  async exited(seconds = 10) {
    for (let i = 0; i < seconds * 20 && !this.ended; i++) await new Promise((r) => setTimeout(r, 50))
    if (!this.ended) throw new Error('the machine did not power off')
  }

  stop() {
    if (!this.ended) this.child.kill('SIGKILL')
  }
}

async function step(kernel, name, body) {
  try {
    await body()
    console.log(`ok    ${kernel}: ${name}`)
  } catch (error) {
    failures++
    console.log(`FAIL  ${kernel}: ${name}: ${error.message}`)
  }
}

function need(text, ...patterns) {
  for (const p of patterns) if (!p.test(text)) throw new Error(`no ${p} in ${JSON.stringify(text)}`)
  if (/BAD|panic:/.test(text)) throw new Error(`unexpected ${JSON.stringify(text)}`)
}

const free = (text) => Number(/pages: (\d+) of/.exec(text)[1])

/** [command, patterns..., seconds] run in order on one boot. */
const commands = [
  ['help', /pingpong +N:/, /halt +power off/],
  ['nonsense x', /lab: nonsense: command not found \(try help\)\r\n/],
  ['echo one  two', /\r\none two\r\n/],
  ['ps', /  PID ASID STATE    PAGES NAME\r\n/, / 1 +\d+ sleeping +\d+ init/, /running +\d+ ps/],
  ['pingpong 500', /500 round trips, 100\d switches, \d+ Count ticks per switch, ok/],
  ['fork 300', /300 children, \d+ COW faults .* pages free (\d+) -> \1, ok/],
  ['touch 2000', /touch: 2000 pages .* 2000 zero-filled, ok/],
  ['touch 100000', /only \d+ pages free/],
  ['vmalloc 1', /vmalloc: 1 pages at 0x[6c]0400000, ok/],
  ['vmalloc 3000', /vmalloc: 3000 pages at 0x[6c]0400000, ok/],
  ['vmalloc 99999', /need a number/],
  ['asids', /generation (\d+) -> (?!\1)\d+ after \d+ allocations, \d+ rollovers since boot, ok/],
  ['tlb', /index VPN2 /, /tlb: \d+ of \d+ entries valid/],
  ['fault', /killed: read of unmapped address 0x00000000/, /fault: 15 of 15 as expected, ok/],
  ['sleep 1', /sleep 1\r\n/],
  ['kill 1', /kill: 1: not allowed/],
  ['kill 29999', /no such process/],
  ['kill', /need a process number/],
  ['bench quick', /bench: pages .* ok/, /bench: ok/],
  ['bench crc32', /bench: crc32 +0xb5c68655 ok .*\r\nbench: ok/],
  ['bench nothing', /there is no nothing/],
]

async function session(kernel) {
  const m = new Machine(kernel)
  let before = 0
  await step(kernel, 'boots to a prompt', async () => {
    const layout = kernel.includes('kvm') ? /\(kvm layout, little endian\)/ : /\(malta layout, (little|big) endian\)/
    need(await m.expect(prompt, 30), layout, /cpu: PRId 0x000193\d\d, 16 TLB entries/, /memory: 128 MiB/, /Type help/)
  })
  if (m.ended) return
  await step(kernel, 'memory before', async () => (before = free(await m.command('mem'))))
  for (const [line, ...patterns] of commands)
    await step(kernel, line, async () => need(await m.command(line, 120), ...patterns))
  await step(kernel, 'editing: backspace, Ctrl-U, LF', async () => {
    await m.type('junk\x15ecxx\b\x7fho edited\x04\n')
    need(await m.expect(prompt), /\r\nedited\r\n/)
  })
  await step(kernel, 'Ctrl-C at the prompt', async () => {
    await m.type('half a line\x03')
    need(await m.expect(prompt), /\^C\r\n/)
  })
  await step(kernel, 'Ctrl-C kills what runs', async () => {
    await m.type('sleep 1000\r')
    await m.expect(/sleep 1000\r\n/)
    await m.type('\x03')
    need(await m.expect(prompt), /\^C\r\nsleep: killed\r\n/)
    await m.type('bench\r')
    await m.expect(/bench: sieve/)
    await m.type('\x03')
    need(await m.expect(prompt), /bench: killed\r\n/)
  })
  await step(kernel, 'background processes', async () => {
    const started = /started (\d+)/.exec(await m.command('spawn 5'))[1]
    await m.command('sleep 1')
    need(await m.command('ps'), new RegExp(` ${started} .* worker`))
    need(await m.command('pingpong 200'), / ok/)
    need(await m.command(`kill ${started}`))
    await m.command('sleep 1')
    if (new RegExp(` ${started} .* worker`).test(await m.command('ps'))) throw new Error('not killed')
    need(await m.command('kill all'), /killed 4/)
  })
  await step(kernel, 'the process table can be full', async () => {
    need(await m.command('spawn 60'), /started/)
    need(await m.command('ps'), /worker/)
    await m.command('spawn 10')
    need(await m.command('echo alive'), /\r\nalive/)
    need(await m.command('kill all', 120), /killed 6\d/)
  })
  await step(kernel, 'killing the shell starts another', async () => {
    const pid = /^ *(\d+) .* sh\r$/m.exec(await m.command('ps'))[1]
    need(await m.command(`kill ${pid}`))
    need(await m.command('ps'), / sh\r/)
  })
  await step(kernel, 'no memory lost', async () => {
    const after = free(await m.command('mem'))
    if (after !== before) throw new Error(`${before} pages free before, ${after} after`)
  })
  await step(kernel, 'the whole bench', async () => need(await m.command('bench', 300), /bench: ok/))
  await step(kernel, 'halt', async () => {
    await m.type('halt\r')
    need(await m.expect(/lab: power off/))
    await m.exited()
  })
  m.stop()
}

async function options(kernel) {
  const m = new Machine(kernel, 'quiet run=echo first;fork 3;halt')
  await step(kernel, 'quiet and run=', async () => {
    need(await m.expect(/power off/, 30), /^Type help/, /lab\$ echo first\r\nfirst\r\n/, /fork: 3 children/)
    await m.exited()
  })
  m.stop()
  const p = new Machine(kernel, 'run=panic')
  await step(kernel, 'panic', async () => {
    const text = await p.expect(/kernel halted/, 30)
    if (!/panic: asked for by pid/.test(text)) throw new Error(text)
  })
  p.stop()
  const f = new Machine(kernel, 'run=panic fault')
  await step(kernel, 'panic fault', async () => {
    const text = await f.expect(/kernel halted/, 30)
    if (!/panic: kernel page fault\r\npid 2 \(sh\), epc [0-9a-f]{8} cause [0-9a-f]+0c status/.test(text)) throw new Error(text)
  })
  f.stop()
}

const all = ['lab-malta-el', 'lab-malta-eb', 'lab-kvm-el']
for (const kernel of process.argv.length > 2 ? process.argv.slice(2) : all) {
  await session(kernel)
  await options(kernel)
}
console.log(failures ? `${failures} failed` : 'all passed')
process.exit(failures ? 1 : 0)
